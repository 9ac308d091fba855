import { RequestError } from "./request";

/** Why something was not done, in words for whoever did it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The field of the form that the server named. */
  readonly field?: string;
}

const UNREACHABLE: Refusal = {
  code: "SERVER_UNREACHABLE",
  message: "The server could not be reached. Nothing was changed; try again in a moment.",
};

/** Of what a request threw. */
export const toRefusal = (error: unknown): Refusal =>
  error instanceof RequestError ? readFailure(error) : UNREACHABLE;

/** Of what a verb or a door answered; the engine's guards put the field's name into the details. */
export function readFailure(failure: { code: string; message: string; details?: unknown }): Refusal {
  const { code, message, details } = failure;
  const field =
    typeof details === "object" && details !== null && "name" in details ? details.name : undefined;
  return { code, message: toSentence(message), ...(typeof field === "string" && { field }) };
}

/** The server's messages go on from an "error:"; on a page they stand alone. */
const toSentence = (message: string): string => message.charAt(0).toUpperCase() + message.slice(1);
