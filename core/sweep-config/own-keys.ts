import type { Findings } from "./diagnostics";
import { didYouMean } from "./suggest";
import { childOf, isScalar, type MapNode, type Node, show } from "./tree";
import type { SweepConfig } from "./types";

/** Keys beside W&B's. One that is typed wrongly is a warning and ignored: no file of W&B's fails through them. */
export const OWN_KEYS = [
  "seed",
  "grid_order",
  "repeats",
  "retries",
  "retry_failed",
  "run_name",
  "constraints",
  "budget",
  "log_pattern",
  "quarantine_after",
] as const;

type OwnSettings = Pick<
  SweepConfig,
  "seed" | "gridOrder" | "repeats" | "retries" | "retryFailed" | "runName" | "quarantineAfter"
>;

const DEFAULT_RETRIES = 2;
/** More copies of each configuration, or more tries of a crashing run, are a slip. */
const MAX_REPEATS = 1_000_000;
const MAX_RETRIES = 1_000;
/** Of a sweep whose file says nothing of it, or was stored before it could. */
export const DEFAULT_QUARANTINE_AFTER = 5;
const MAX_QUARANTINE_AFTER = 1_000;

export function readOwnKeys(root: MapNode, findings: Findings): OwnSettings {
  const own = new OwnReader(root, findings);
  return {
    seed: own.seed(),
    gridOrder: own.word("grid_order", ["sorted", "random"] as const) ?? "sorted",
    repeats: own.count("repeats", 1, MAX_REPEATS) ?? 1,
    retries: own.count("retries", 0, MAX_RETRIES) ?? DEFAULT_RETRIES,
    retryFailed: own.flag("retry_failed") ?? false,
    runName: own.text("run_name"),
    quarantineAfter:
      own.countOrNever("quarantine_after", 1, MAX_QUARANTINE_AFTER) ?? DEFAULT_QUARANTINE_AFTER,
  };
}

class OwnReader {
  constructor(
    private readonly root: MapNode,
    private readonly findings: Findings,
  ) {}

  /** Any integer; kept as decimal text since it may exceed 2^53. */
  seed(): string | undefined {
    const node = childOf(this.root, "seed");
    if (!node) return undefined;
    const { value } = isScalar(node) ? node : { value: undefined };
    if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value)))
      return String(value);
    return this.ignore("seed", node, "an integer");
  }

  count(key: string, min: number, max: number): number | undefined {
    const node = childOf(this.root, key);
    if (!node) return undefined;
    const { value } = isScalar(node) ? node : { value: undefined };
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    return this.ignore(key, node, `an integer from ${min} to ${max}`);
  }

  countOrNever(key: string, min: number, max: number): number | false | undefined {
    const node = childOf(this.root, key);
    if (!node) return undefined;
    const { value } = isScalar(node) ? node : { value: undefined };
    if (value === false) return false;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    return this.ignore(key, node, `an integer from ${min} to ${max}, or false`);
  }

  flag(key: string): boolean | undefined {
    const node = childOf(this.root, key);
    if (!node) return undefined;
    return isScalar(node) && typeof node.value === "boolean"
      ? node.value
      : this.ignore(key, node, "true or false");
  }

  word<T extends string>(key: string, words: readonly T[]): T | undefined {
    const node = childOf(this.root, key);
    if (!node) return undefined;
    const given = isScalar(node) ? node.text : "";
    const word = words.find((candidate) => candidate === given);
    return word ?? this.ignore(key, node, `${words.join(" or ")}.${didYouMean(given, words)}`);
  }

  text(key: string): string | undefined {
    const node = childOf(this.root, key);
    if (!node) return undefined;
    if (isScalar(node) && typeof node.value === "string" && node.value.trim() !== "") return node.value;
    return this.ignore(key, node, "a text");
  }

  private ignore(key: string, node: Node, expected: string): undefined {
    this.findings.warn(
      "OWN_KEY_IGNORED",
      `\`${key}: ${show(node)}\` is ignored: it is ${expected}`,
      [key],
      node.at,
    );
    return undefined;
  }
}
