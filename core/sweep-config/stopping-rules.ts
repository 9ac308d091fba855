import type { Findings, Path } from "./diagnostics";
import { readStrict } from "./hyperband";
import { childOf, isListNode, isScalar, type MapNode, numberIn, show } from "./tree";
import type { Asha, EarlyTerminate, Hyperband } from "./types";

type Ours = Exclude<EarlyTerminate, Hyperband>;

/** `min_iter` is another word for `grace` where it has no meaning of its own, so that one may go from rule to rule. */
const COMMON = ["type", "grace", "min_iter"];
const AMONG_RUNS = [...COMMON, "min_runs", "every"];
export const RULE_KEYS: Readonly<Record<Ours["type"], readonly string[]>> = {
  asha: [...COMMON, "bands", "eta", "reduction", "strict", "by"],
  median: AMONG_RUNS,
  percentile: [...AMONG_RUNS, "percent"],
  funnel: [...AMONG_RUNS, "percent", "final"],
  wilcoxon: [...AMONG_RUNS, "p_threshold"],
  patience: [...COMMON, "patience", "min_delta"],
};

/** Optuna's and Katib's: fewer runs make no median worth the name. */
const DEFAULT_MIN_RUNS = 5;
/** Optuna's: a signed-rank test of one pair says nothing. */
const WILCOXON_LEAST = 2;
/** As many as hyperband's eta 3 keeps; at ten times the grace it comes to the best tenth, which is what a sweep is for. */
const FUNNEL_PERCENT = 33;
const FUNNEL_FINAL = 10;
const MAX_BANDS = 1_000;

/** One of our own rules, or what is wrong with it. */
export function readRule(type: Ours["type"], map: MapNode, path: Path, findings: Findings): Ours | string {
  const read = new RuleReader(map);
  const rule = ruleOf(type, read, map, path, findings);
  return read.complaint ?? rule;
}

function ruleOf(
  type: Ours["type"],
  read: RuleReader,
  map: MapNode,
  path: Path,
  findings: Findings,
): Ours | string {
  switch (type) {
    case "asha":
      return readAsha(read, map, path, findings);
    case "median":
      return { type, ...amongRuns(read, 0, DEFAULT_MIN_RUNS) };
    case "percentile":
      return { type, ...amongRuns(read, 0, DEFAULT_MIN_RUNS), percent: read.between("percent", 0, 100) };
    case "funnel":
      return {
        type,
        ...amongRuns(read, 0, DEFAULT_MIN_RUNS),
        percent: read.between("percent", 0, 100, FUNNEL_PERCENT),
        final: read.between("final", 0, 100, FUNNEL_FINAL),
      };
    case "wilcoxon":
      return {
        type,
        ...amongRuns(read, WILCOXON_LEAST, WILCOXON_LEAST),
        pThreshold: read.between("p_threshold", 0, 1, 0.1),
      };
    case "patience":
      return {
        type,
        grace: graceOf(read),
        patience: read.count("patience", 1),
        minDelta: read.notNegative("min_delta", 0),
      };
  }
}

const graceOf = (read: RuleReader, fallback = 0): number =>
  read.count(read.has("grace") ? "grace" : "min_iter", 0, fallback);

const amongRuns = (read: RuleReader, grace: number, minRuns: number) => ({
  grace: graceOf(read, grace),
  minRuns: read.count("min_runs", 1, minRuns),
  every: read.count("every", 1, 1),
});

function readAsha(read: RuleReader, map: MapNode, path: Path, findings: Findings): Asha | string {
  const bands = read.bands();
  if (bands && read.has("min_iter"))
    return "`bands` and `min_iter` say the same in two ways; keep one of them";
  if (!bands && !read.has("min_iter"))
    return "it needs `min_iter`, the first band, or the `bands` themselves";
  if (read.has("eta") && read.has("reduction")) return "`eta` and `reduction` are the same; keep one of them";
  return {
    type: "asha",
    ...(bands ? { bands } : { minIter: read.count("min_iter", 1) }),
    eta: read.above(read.has("reduction") ? "reduction" : "eta", 1, 3),
    strict: readStrict(map, path, findings),
    by: read.by(),
    grace: read.count("grace", 0, 0),
  };
}

/** Reads a rule's numbers and keeps the first complaint; what it then returns is not used. */
class RuleReader {
  complaint: string | undefined;

  constructor(private readonly map: MapNode) {}

  has(key: string): boolean {
    return this.map.entries.has(key);
  }

  count(key: string, least: number, fallback?: number): number {
    return this.number(
      key,
      (value) => Number.isSafeInteger(value) && value >= least,
      `an integer from ${least} on`,
      fallback,
    );
  }

  above(key: string, bound: number, fallback: number): number {
    return this.number(key, (value) => value > bound, `a number above ${bound}`, fallback);
  }

  notNegative(key: string, fallback: number): number {
    return this.number(key, (value) => value >= 0, "a number from 0 on", fallback);
  }

  /** Both ends excluded: at either the rule would stop all runs, or none. */
  between(key: string, low: number, high: number, fallback?: number): number {
    return this.number(
      key,
      (value) => value > low && value < high,
      `a number above ${low} and below ${high}`,
      fallback,
    );
  }

  bands(): readonly number[] | undefined {
    const node = childOf(this.map, "bands");
    if (!node) return undefined;
    const bands = isListNode(node) ? node.items.map((item) => numberIn(item)?.value ?? Number.NaN) : [];
    const rising = bands.every(
      (band, i) => Number.isSafeInteger(band) && band > (i === 0 ? 0 : (bands[i - 1] ?? 0)),
    );
    if (bands.length === 0 || bands.length > MAX_BANDS || !rising)
      this.complain(
        `\`bands\` is a list of up to ${MAX_BANDS} rising integers such as [3, 9, 27], not ${show(node)}`,
      );
    return bands;
  }

  by(): Asha["by"] {
    const node = childOf(this.map, "by");
    if (!node) return "count";
    const word = (["count", "step"] as const).find((known) => isScalar(node) && node.text === known);
    if (!word) this.complain(`\`by\` is count or step, not ${show(node)}`);
    return word ?? "count";
  }

  private number(
    key: string,
    fits: (value: number) => boolean,
    expected: string,
    fallback: number | undefined,
  ): number {
    const node = childOf(this.map, key);
    if (!node) {
      if (fallback === undefined) this.complain(`it needs \`${key}\`, ${expected}`);
      return fallback ?? 0;
    }
    const value = numberIn(node)?.value ?? Number.NaN;
    if (!Number.isFinite(value) || !fits(value))
      this.complain(`\`${key}\` is ${expected}, not ${show(node)}`);
    return value;
  }

  private complain(what: string): void {
    this.complaint ??= what;
  }
}
