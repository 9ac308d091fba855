/**
 * Why this parser reads or judges a file otherwise than W&B's Python does. Every difference that the comparison finds
 * needs one of these rules, and a rule that explains no file fails it. docs/sweep-file.md tells people the same.
 */
export const RULES = {
  "number-spelling":
    "`1e-4`, `1.0e4` and `-.5` are numbers, as people mean them (YAML_FLOAT_AS_TEXT); PyYAML reads texts, and W&B's engine stumbles over them among bounds",
  "octal-of-yaml-1.2": "`0o17` is 15, as in YAML 1.2 (YAML_OCTAL); PyYAML reads a text. `017` is 15 in both",
  "no-base-60": "`12:30:45` is a text, as people mean it (YAML_SEXAGESIMAL); PyYAML reads 45045",
  "no-dates":
    "`2021-01-01` is a text (YAML_DATE), which it becomes on the way to a program anyway; PyYAML makes a date, and refuses a bare `=`",
  "keys-are-text":
    "keys are what is written; PyYAML makes numbers and booleans of `1:` and `on:`, and W&B's engine stumbles over such names",
  "finite-bounds":
    "an infinite bound is refused (NUMBER_EXPECTED); W&B's engine runs, and draws NaN or infinity",
  "whole-floats-are-integers":
    "`distribution: int_uniform` takes `1.0` for 1 (NUMBER_WHOLE_FLOAT); W&B's engine refuses it",
  "weights-are-scaled":
    "probabilities that don't add up to 1, or are too few, are brought to a sum of 1 (PROBABILITIES_SCALED, PROBABILITIES_LENGTH); W&B's engine favours the first value",
  "weights-with-categorical":
    "`distribution: categorical` may have `probabilities`, as W&B's documentation says; its schema refuses it",
  "integers-to-2^53":
    "integer bounds end at 2^53 - 1 (NUMBER_CLAMPED), so that JavaScript and JSON programs read every value exactly",
  "any-name-in-groups":
    "parameters in groups may have any name (PARAMETER_NAME_UNUSUAL); W&B's engine allows odd names at the top level only",
  "metric-mended":
    "unknown keys and wrong values in `metric` are ignored with a warning; W&B's bayes refuses them",
  "own-keys": "`when` is our own key; W&B's engine refuses it",
} as const;
export type Rule = keyof typeof RULES;
export const isRule = (name: string | undefined): name is Rule =>
  name !== undefined && Object.hasOwn(RULES, name);
