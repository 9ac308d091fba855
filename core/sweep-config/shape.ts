import type { LeafParameter } from "@/core/parameter";
import type { Findings, Path } from "./diagnostics";
import { didYouMean, suggest } from "./suggest";
import { childOf, type MapNode, type NumberRead, numberIn, show } from "./tree";

export type Kind = LeafParameter["kind"];

/** Which keys each distribution of W&B's schema takes; the order of a family's kinds does not matter. */
interface Shape {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}
const BOUNDS: Shape = { required: ["min", "max"], optional: [] };
const QUANTIZED_BOUNDS: Shape = { required: ["min", "max"], optional: ["q"] };
const GAUSS: Shape = { required: [], optional: ["mu", "sigma"] };
const QUANTIZED_GAUSS: Shape = { required: [], optional: ["mu", "sigma", "q"] };

export const SHAPES: Readonly<Record<Kind, Shape>> = {
  constant: { required: ["value"], optional: [] },
  categorical: { required: ["values"], optional: ["probabilities"] },
  int_uniform: BOUNDS,
  uniform: BOUNDS,
  q_uniform: QUANTIZED_BOUNDS,
  log_uniform: BOUNDS,
  log_uniform_values: BOUNDS,
  q_log_uniform: QUANTIZED_BOUNDS,
  q_log_uniform_values: QUANTIZED_BOUNDS,
  inv_log_uniform: BOUNDS,
  inv_log_uniform_values: BOUNDS,
  normal: GAUSS,
  q_normal: QUANTIZED_GAUSS,
  log_normal: GAUSS,
  q_log_normal: QUANTIZED_GAUSS,
  beta: { required: [], optional: ["a", "b"] },
  q_beta: { required: [], optional: ["a", "b", "q"] },
};

/** The names that W&B's schema has for `distribution`: the kinds, and one more spelling of categorical. */
export const DISTRIBUTIONS: readonly string[] = [...Object.keys(SHAPES), "categorical_w_probabilities"];
/** Every key that some form of a parameter takes, ours included. */
export const PARAMETER_KEYS: ReadonlySet<string> = new Set([
  "distribution",
  "parameters",
  "when",
  ...Object.values(SHAPES).flatMap((shape) => [...shape.required, ...shape.optional]),
]);

const isKind = (name: string): name is Kind => Object.hasOwn(SHAPES, name);

/** `distribution`, or what W&B infers from the keys when it is not given. */
export function kindOf(
  map: MapNode,
  keys: readonly string[],
  path: Path,
  findings: Findings,
): Kind | undefined {
  const named = childOf(map, "distribution");
  if (!named) return inferKind(map, keys, path, findings);
  const given = named.kind === "scalar" ? named.text : "";
  if (given === "categorical_w_probabilities") {
    if (map.entries.has("probabilities")) return "categorical";
    findings.error(
      "KEY_MISSING",
      `\`distribution: ${given}\` needs \`probabilities\`, one a value`,
      path,
      named.at,
    );
    return undefined;
  }
  if (isKind(given)) return given;
  findings.error(
    "DISTRIBUTION_UNKNOWN",
    `\`distribution: ${show(named)}\` is not known.${didYouMean(given, DISTRIBUTIONS)} There are ${DISTRIBUTIONS.join(", ")}`,
    [...path, "distribution"],
    named.at,
  );
  return undefined;
}

function inferKind(map: MapNode, keys: readonly string[], path: Path, findings: Findings): Kind | undefined {
  if (map.entries.has("value")) return "constant";
  if (map.entries.has("values")) return "categorical";
  const min = childOf(map, "min");
  const max = childOf(map, "max");
  if (min || max) return inferUniform(min && numberIn(min), max && numberIn(max), map, path, findings);
  reportShapeless(map, keys, path, findings);
  return undefined;
}

/** No key says what the parameter is: a misspelt one, a forgotten `distribution`, a forgotten `parameters`, or nothing. */
function reportShapeless(map: MapNode, keys: readonly string[], path: Path, findings: Findings): void {
  const name = path.at(-1) ?? "";
  const named = keys
    .slice(0, 5)
    .map((key) => `\`${key}\``)
    .join(", ");
  const slip = keys.find((key) => !PARAMETER_KEYS.has(key) && suggest(key, PARAMETER_KEYS) !== undefined);
  if (slip !== undefined) {
    reportUnknownKey(map, slip, PARAMETER_KEYS, path, findings);
  } else if (keys.some((key) => PARAMETER_KEYS.has(key))) {
    const message = `\`${name}\` has ${named} but no \`distribution\`, which says what they belong to (such as \`distribution: normal\`)`;
    findings.error("DISTRIBUTION_MISSING", message, path, map.at);
  } else if (keys.some((key) => childOf(map, key)?.kind === "map")) {
    const message = `\`${name}\` holds parameters without the key \`parameters\`: write \`${name}: {parameters: {${keys[0]}: …}}\`. For a map as one fixed value write \`${name}: {value: {${keys[0]}: …}}\``;
    findings.error("NESTED_WITHOUT_PARAMETERS", message, path, map.at);
  } else {
    const only = named === "" ? "" : `, only ${named}`;
    const message = `\`${name}\` says neither \`value\`, \`values\`, \`min\` and \`max\`, \`distribution\` nor \`parameters\`${only}`;
    findings.error("PARAMETER_EMPTY", message, path, map.at);
  }
}

/** Both integers: int_uniform. Otherwise uniform, as W&B's engine has it; its client refuses a mix at the top level. */
function inferUniform(
  min: NumberRead | undefined,
  max: NumberRead | undefined,
  map: MapNode,
  path: Path,
  findings: Findings,
): Kind {
  if (!min || !max || (!min.integer && !max.integer)) return "uniform";
  if (min.integer && max.integer) return "int_uniform";
  findings.warn(
    "BOUNDS_MIXED",
    `\`${path.at(-1)}\` has an integer and a float as bounds, so it is read as \`distribution: uniform\` (W&B's client asks for one kind). Write both with a dot for floats, both without for integers`,
    path,
    map.at,
  );
  return "uniform";
}

export function checkKeys(
  map: MapNode,
  keys: readonly string[],
  kind: Kind,
  path: Path,
  findings: Findings,
): void {
  const shape = SHAPES[kind];
  const allowed = new Set(["distribution", "when", ...shape.required, ...shape.optional]);
  for (const key of keys) {
    if (allowed.has(key)) continue;
    if (PARAMETER_KEYS.has(key)) reportMisplacedKey(map, key, kind, allowed, path, findings);
    else reportUnknownKey(map, key, allowed, path, findings);
  }
  for (const key of shape.required) {
    if (map.entries.has(key)) continue;
    const other = key === "min" ? "max" : key === "max" ? "min" : undefined;
    const message = `\`${path.at(-1)}\` has no \`${key}\`, which \`${kind}\` needs${other ? ` besides \`${other}\`` : ""}`;
    findings.error("KEY_MISSING", message, path, map.at);
  }
}

function reportMisplacedKey(
  map: MapNode,
  key: string,
  kind: Kind,
  allowed: ReadonlySet<string>,
  path: Path,
  findings: Findings,
): void {
  const quantized = `q_${kind}`;
  const way =
    key === "q" && isKind(quantized)
      ? `write \`distribution: ${quantized}\``
      : key === "parameters" || map.entries.has("parameters")
        ? "a group holds `parameters` alone"
        : "remove the one that is not meant";
  const given = map.entries.has("distribution") ? `\`distribution: ${kind}\`` : `\`${kind}\``;
  findings.error(
    "KEYS_CONFLICT",
    `\`${path.at(-1)}\`: \`${key}\` does not belong to ${given}, which takes ${[...allowed]
      .filter((word) => word !== "when" && word !== "distribution")
      .map((word) => `\`${word}\``)
      .join(", ")}; ${way}`,
    [...path, key],
    map.entries.get(key)?.keyAt,
  );
}

function reportUnknownKey(
  map: MapNode,
  key: string,
  known: ReadonlySet<string>,
  path: Path,
  findings: Findings,
): void {
  findings.error(
    "PARAMETER_KEY_UNKNOWN",
    `\`${path.at(-1)}\`: a parameter has no key \`${key}\`.${didYouMean(key, known) || " Remove it, or turn it into a comment"}`,
    [...path, key],
    map.entries.get(key)?.keyAt,
  );
}
