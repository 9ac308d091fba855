import { toPythonJson, toPythonText } from "./python";
import { suggest } from "./sweep-config/suggest";
import { sortKeys, type Value, type ValueMap } from "./value";

/** What W&B's agent does with a sweep's `command` (`wandb_agent.py`, `launch/sweeps/utils.py` of 0.31), macro by macro. */
export const DEFAULT_COMMAND: readonly string[] = ["env", "interpreter", "program", "args"].map(toMacro);

export interface CommandFacts {
  readonly program: string | undefined;
  readonly params: ValueMap;
  /** Where the parameters lie as JSON, for `${args_json_file}`. */
  readonly paramsFile: string;
  /** Looked into for `${envvar:NAME}`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `process.platform`: Windows has no `/usr/bin/env`. */
  readonly platform: string;
}

/**
 * The argument list to start. Each chunk is one argument, blanks and all; a chunk that is a macro as a whole becomes its
 * list of arguments, and nothing when the macro is unknown. Parameters are sorted by name, since a database does not keep
 * the order of keys.
 */
export function expandCommand(command: readonly string[] | undefined, facts: CommandFacts): string[] {
  const chunks = command === undefined || command.length === 0 ? DEFAULT_COMMAND : command;
  return chunks.flatMap((given) => {
    const chunk = given.replace(ENVIRONMENT, (_, name: string) => facts.env[name] ?? name);
    if (!isWholeMacro(chunk)) return [chunk];
    const macro = MACROS.get(chunk.slice(2, -1));
    return macro === undefined ? [] : macro(facts);
  });
}

/** Works inside a chunk too. An unset variable leaves its bare name, as in W&B. */
const ENVIRONMENT = /\$\{envvar:([A-Z0-9_]*)\}/g;
function toMacro(name: string): string {
  return `\${${name}}`;
}
const isWholeMacro = (chunk: string): boolean => chunk.startsWith("${") && chunk.endsWith("}");

type Macro = (facts: CommandFacts) => string[];
const eachParam =
  (write: (name: string, value: Value) => string[]): Macro =>
  ({ params }) => {
    const sorted = sortKeys(params) as ValueMap;
    return Object.keys(sorted).flatMap((name) => write(name, sorted[name] ?? null));
  };
const eachAs = (prefix: string): Macro =>
  eachParam((name, value) => [`${prefix}${name}=${toPythonText(value)}`]);

const MACROS: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ["env", ({ platform }) => (platform === "win32" ? [] : ["/usr/bin/env"])],
  ["interpreter", () => ["python"]],
  ["program", ({ program }) => (program === undefined || program === "" ? [] : [program])],
  ["args", eachAs("--")],
  ["args_no_equals", eachParam((name, value) => [`--${name}`, toPythonText(value)])],
  ["args_no_hyphens", eachAs("")],
  [
    "args_no_boolean_flags",
    eachParam((name, value) =>
      typeof value === "boolean" ? (value ? [`--${name}`] : []) : [`--${name}=${toPythonText(value)}`],
    ),
  ],
  ["args_json", ({ params }) => [toPythonJson(sortKeys(params))]],
  ["args_json_file", ({ paramsFile }) => [paramsFile]],
  ["args_append_hydra", eachAs("+")],
  ["args_override_hydra", eachAs("++")],
]);

export interface UnknownMacro {
  /** Index in the command. */
  readonly chunk: number;
  /** As written, `${argz}`. */
  readonly macro: string;
  /** A whole chunk disappears; a part of one is passed on as it stands. */
  readonly effect: "dropped" | "verbatim";
  /** What was probably meant. A known macro that is only a part of its chunk suggests itself: it needs a chunk of its own. */
  readonly suggestion?: string;
}

/** The macros that W&B's agent will not expand. `$NAME` and `$(...)` are no macros. */
export function unknownMacros(command: readonly string[]): UnknownMacro[] {
  return command.flatMap((given, chunk): UnknownMacro[] => {
    const text = given.replace(ENVIRONMENT, "");
    if (isWholeMacro(text) && MACROS.has(text.slice(2, -1))) return [];
    if (isWholeMacro(text)) return [{ chunk, macro: text, effect: "dropped", ...suggestMacro(text) }];
    return [...text.matchAll(/\$\{[^{}]*\}/g)].map(([macro]) => ({
      chunk,
      macro,
      effect: "verbatim" as const,
      ...suggestMacro(macro),
    }));
  });
}

function suggestMacro(macro: string): { suggestion?: string } {
  const name = macro.slice(2, -1).trim();
  const variable = /^(?:envvar|env)[:.]([A-Za-z0-9_]+)$/.exec(name)?.[1];
  if (variable) return { suggestion: toMacro(`envvar:${variable.toUpperCase()}`) };
  const nearest = suggest(name, MACROS.keys());
  return nearest === undefined ? {} : { suggestion: toMacro(nearest) };
}
