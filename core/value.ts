/**
 * A JSON value whose numbers remember how they were written: Python tells 1.0 from 1, and a training program
 * started with `--epochs=1.0` where the file said `1` fails. Whole floats are the one case that a JavaScript
 * number loses, so they (and infinities, NaN and minus zero) are `Float`s; other floats and safe integers are plain numbers,
 * larger integers are bigints. Use `parseJson` and `stringifyJson` at every boundary, never `JSON.*`, on parameters.
 */
export class Float {
  constructor(readonly value: number) {}
}

export type Value = null | boolean | string | number | bigint | Float | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}
