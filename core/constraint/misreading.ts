/** Why an expression can't be read, and where. Thrown among the readers, caught by `parseExpression`: never an end user's error. */
export class Misreading extends Error {
  constructor(
    message: string,
    /** From 0, in UTF-16 units of the expression. */
    readonly at: number,
  ) {
    super(message);
  }
}
