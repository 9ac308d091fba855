/**
 * Bounds on what a sweep file may be, so that no file makes the server hang. The largest of 626 public sweep
 * files has 15 kB; a file at these limits is read in about a second.
 */
export const MAX_TEXT_LENGTH = 1_048_576;
/** Lists and maps inside each other. W&B's own examples reach 5. */
export const MAX_DEPTH = 100;
/** Scalars, lists and maps, aliases counted with all they stand for. */
export const MAX_NODES = 100_000;
/** Of all texts, aliases written out: one long text can be repeated in two characters. As much as a file of JSON may have. */
export const MAX_WRITTEN_OUT = 10 * MAX_TEXT_LENGTH;
/** Pieces that the YAML lexer may give: indents, commas, line ends and comments included. */
export const MAX_LEXEMES = 300_000;
