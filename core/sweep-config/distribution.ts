import type { LeafParameter } from "@/core/parameter";
import { readCategorical } from "./categorical";
import type { Findings, Path } from "./diagnostics";
import { NumberReader } from "./numbers";
import { checkKeys, type Kind, kindOf } from "./shape";
import { childOf, type MapNode, toValue } from "./tree";

/** One parameter that draws a value; undefined with an error among the findings. `map` holds no `when` any more. */
export function readDistribution(
  map: MapNode,
  keys: readonly string[],
  path: Path,
  findings: Findings,
): LeafParameter | undefined {
  const name = path.at(-1) ?? "";
  const kind = kindOf(map, keys, path, findings);
  if (kind === undefined) return undefined;
  const before = findings.errors.length;
  checkKeys(map, keys, kind, path, findings);
  if (findings.errors.length > before) return undefined;
  const numbers = new NumberReader(map, path, findings);
  switch (kind) {
    case "constant":
      return { kind, value: toValue(childOf(map, "value") ?? map) };
    case "categorical":
      return readCategorical(map, path, findings);
    case "int_uniform":
      return readIntUniform(numbers, name);
    case "uniform":
    case "log_uniform":
    case "log_uniform_values":
    case "inv_log_uniform":
    case "inv_log_uniform_values": {
      const bounds = readBounds(numbers, kind, name);
      return bounds && { kind, ...bounds };
    }
    case "q_uniform":
    case "q_log_uniform":
    case "q_log_uniform_values": {
      const bounds = readBounds(numbers, kind, name);
      const quantum = numbers.quantum();
      if (!bounds || !quantum) return undefined;
      return {
        kind,
        ...bounds,
        ...(quantum.integer && !numbers.areIntegers("min", "max") && { integerBounds: false }),
        quantum,
      };
    }
    case "normal":
    case "log_normal":
      return withAll(numbers.real("mu", 0), numbers.notNegative("sigma", 1), (mu, sigma) => ({
        kind,
        mu,
        sigma,
      }));
    case "q_normal":
    case "q_log_normal": {
      const quantum = numbers.quantum();
      return withAll(
        numbers.real("mu", 0),
        numbers.notNegative("sigma", 1),
        (mu, sigma) => quantum && { kind, mu, sigma, quantum },
      );
    }
    case "beta":
      return withAll(numbers.notNegative("a", 1), numbers.notNegative("b", 1), (a, b) => ({ kind, a, b }));
    case "q_beta": {
      const quantum = numbers.quantum();
      return withAll(
        numbers.notNegative("a", 1),
        numbers.notNegative("b", 1),
        (a, b) => quantum && { kind, a, b, quantum },
      );
    }
  }
}

const withAll = <R>(
  a: number | undefined,
  b: number | undefined,
  make: (a: number, b: number) => R,
): R | undefined => (a === undefined || b === undefined ? undefined : make(a, b));

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function readIntUniform(numbers: NumberReader, name: string): LeafParameter | undefined {
  const min = numbers.whole("min");
  const max = numbers.whole("max");
  if (min === undefined || max === undefined || !numbers.ascending(min, max, name)) return undefined;
  return { kind: "int_uniform", min, max };
}

function readBounds(numbers: NumberReader, kind: Kind, name: string): Bounds | undefined {
  const min = kind.endsWith("_values") ? numbers.positive("min") : numbers.real("min");
  const max = numbers.real("max");
  if (min === undefined || max === undefined || !numbers.ascending(min, max, name)) return undefined;
  if (/log_uniform$/.test(kind)) warnAboutExponents(kind, { min, max }, numbers, name);
  return { min, max };
}

/**
 * `log_uniform` takes natural-log exponents. Bounds such as 0.0001 and 0.1 are learning rates that somebody meant
 * as values: exp() makes 1.0001 to 1.105 of them. All 6 such files of the corpus have 0 < min and max <= 1; beyond
 * exp(30) = 1e13 nobody means exponents either.
 */
function warnAboutExponents(kind: Kind, { min, max }: Bounds, numbers: NumberReader, name: string): void {
  const likeValues = (min > 0 && max <= 1) || (min > 0 && max / min >= 100) || max > 30;
  if (!likeValues) return;
  const [low, high] = kind.startsWith("inv_")
    ? [Math.exp(-max), Math.exp(-min)]
    : [Math.exp(min), Math.exp(max)];
  numbers.warn(
    "LOG_UNIFORM_EXPONENTS",
    `\`${name}\`: \`${kind}\` takes exponents, so ${min} and ${max} give values from ${round(low)} to ${round(high)}. If ${min} to ${max} is meant, write \`distribution: ${kind}_values\``,
  );
}

const round = (value: number): string => String(Number(value.toPrecision(4)));
