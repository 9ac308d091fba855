import { type Leaf, listLeaves } from "@/core/leaves";
import type { LeafParameter, Quantum } from "@/core/parameter";
import { toPythonText } from "@/core/python";
import type { EarlyTerminate, Metric, SweepConfig } from "@/core/sweep-config";
import type { Value } from "@/core/value";
import { formatCount, formatNumber, plural } from "@/ui/format";

/** A sweep file as it was understood, in words: one row a parameter, and the facts around them. */
export interface Understood {
  readonly facts: readonly Fact[];
  readonly rows: readonly ParameterRow[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface ParameterRow {
  /** Dotted, groups first: as it stands on the command line. */
  readonly name: string;
  /** fixed, list, whole numbers, continuous, ... */
  readonly kind: string;
  readonly values: string;
  /** All of them, where `values` shows the first. */
  readonly whole?: string;
  /** W&B's word for it. */
  readonly distribution: string;
  /** What it depends on: "optimizer is sgd". */
  readonly when?: string;
  readonly varies: boolean;
}

export function toUnderstood(config: SweepConfig): Understood {
  const leaves = listLeaves(config.parameters);
  return { facts: toFacts(config), rows: leaves.map((leaf) => toRow(leaf, leaves)) };
}

const describeMetric = ({ goal, name, target }: Metric): string =>
  `${goal} ${name}${target === undefined ? "" : `, done at ${formatNumber(target)}`}`;

function toFacts(config: SweepConfig): Fact[] {
  const { metric, metrics, earlyTerminate: early } = config;
  const facts: (Fact | false | undefined)[] = [
    { name: "Method", value: config.method },
    metric && {
      name: metrics ? "Metrics" : "Metric",
      value: (metrics ?? [metric]).map(describeMetric).join("; "),
    },
    config.program !== undefined && { name: "Program", value: config.program },
    config.command && { name: "Command", value: config.command.join(" ") },
    config.runCap !== undefined && { name: "Run cap", value: plural(config.runCap, "run") },
    config.repeats > 1 && { name: "Repeats", value: `each configuration ${config.repeats} times` },
    config.retries > 0 && { name: "Retries", value: `a lost run up to ${plural(config.retries, "time")}` },
    config.seed !== undefined && { name: "Seed", value: config.seed },
    config.gridOrder === "random" && { name: "Order", value: "random" },
    config.runName !== undefined && { name: "Run names", value: config.runName },
    early && { name: "Early stopping", value: describeStopping(early) },
    config.extra.size > 0 && { name: "Not used here", value: [...config.extra.keys()].join(", ") },
  ];
  return facts.filter((fact) => typeof fact === "object");
}

function describeStopping(rule: EarlyTerminate): string {
  switch (rule.type) {
    case "hyperband":
      return `hyperband, eta ${rule.eta}${rule.minIter === undefined ? "" : `, from step ${rule.minIter}`}${rule.maxIter === undefined ? "" : `, to step ${rule.maxIter}`}`;
    case "asha":
      return `asha, eta ${rule.eta}, at ${rule.bands ? rule.bands.join(", ") : `${rule.minIter} and on`}`;
    case "median":
      return `median of ${plural(rule.minRuns, "run")} or more`;
    case "percentile":
      return `the best ${formatNumber(rule.percent)} % of ${plural(rule.minRuns, "run")} or more go on`;
    case "funnel":
      return `the best ${formatNumber(rule.percent)} % of all runs go on, narrowing to ${formatNumber(Math.min(rule.final, rule.percent))} %`;
    case "wilcoxon":
      return `wilcoxon, p below ${formatNumber(rule.pThreshold)}`;
    case "patience":
      return `after ${plural(rule.patience, "value")} without improvement`;
  }
}

function toRow(leaf: Leaf, leaves: readonly Leaf[]): ParameterRow {
  const { path, parameter, conditions } = leaf;
  const when = conditions.map(({ on, test }) => {
    const name = leaves[on]?.path.join(".") ?? "";
    return test.kind === "in"
      ? `${name} is ${test.values.map(toPythonText).join(" or ")}`
      : `${name} is ${test.min} to ${test.max}`;
  });
  return {
    name: path.join("."),
    ...describe(parameter),
    distribution: parameter.kind,
    ...(when.length > 0 && { when: when.join(" and ") }),
    varies: parameter.kind !== "constant",
  };
}

/** More than this many values of a list are counted instead of shown. */
const MOST_SHOWN = 8;

function describe(parameter: LeafParameter): Pick<ParameterRow, "kind" | "values" | "whole"> {
  switch (parameter.kind) {
    case "constant":
      return { kind: "fixed", values: toPythonText(parameter.value) };
    case "categorical":
      return describeList(parameter.values, parameter.probabilities);
    case "int_uniform":
      return {
        kind: "whole numbers",
        values: `${parameter.min} to ${parameter.max}, ${plural(parameter.max - parameter.min + 1, "value")}`,
      };
    case "uniform":
      return { kind: "continuous", values: range(parameter.min, parameter.max) };
    case "log_uniform_values":
    case "inv_log_uniform_values":
      return { kind: "continuous, log", values: range(parameter.min, parameter.max) };
    case "log_uniform":
      return { kind: "continuous, log", ...exponents(parameter.min, parameter.max) };
    case "inv_log_uniform":
      return { kind: "continuous, log", ...exponents(-parameter.max, -parameter.min) };
    case "q_uniform":
      return stepped("steps", range(parameter.min, parameter.max), parameter.quantum);
    case "q_log_uniform_values":
      return stepped("steps, log", range(parameter.min, parameter.max), parameter.quantum);
    case "q_log_uniform":
      return stepped("steps, log", exponents(parameter.min, parameter.max).values, parameter.quantum);
    case "normal":
      return { kind: "continuous", values: bell(parameter.mu, parameter.sigma) };
    case "log_normal":
      return { kind: "continuous, log", values: `exp of ${bell(parameter.mu, parameter.sigma)}` };
    case "q_normal":
      return stepped("steps", bell(parameter.mu, parameter.sigma), parameter.quantum);
    case "q_log_normal":
      return stepped("steps, log", `exp of ${bell(parameter.mu, parameter.sigma)}`, parameter.quantum);
    case "beta":
      return { kind: "continuous", values: `0 to 1, a ${parameter.a}, b ${parameter.b}` };
    case "q_beta":
      return stepped("steps", `0 to 1, a ${parameter.a}, b ${parameter.b}`, parameter.quantum);
  }
}

function describeList(values: readonly Value[], probabilities: readonly number[] | undefined) {
  const texts = values.map(
    (value, i) =>
      `${toPythonText(value)}${probabilities ? ` (${formatNumber((probabilities[i] ?? 0) * 100, 3)} %)` : ""}`,
  );
  const kind = `list of ${formatCount(values.length)}`;
  const whole = texts.join(", ");
  if (texts.length <= MOST_SHOWN) return { kind, values: whole };
  const rest = texts.length - MOST_SHOWN;
  return { kind, values: `${texts.slice(0, MOST_SHOWN).join(", ")} and ${formatCount(rest)} more`, whole };
}

const range = (min: number, max: number): string => `${toNumberText(min)} to ${toNumberText(max)}`;

/** W&B's log_uniform takes exponents of e, which surprises many: both are shown. */
const exponents = (min: number, max: number) => ({
  values: `${formatNumber(Math.exp(min))} to ${formatNumber(Math.exp(max))}`,
  whole: `exp(${toNumberText(min)}) to exp(${toNumberText(max)})`,
});

const bell = (mu: number, sigma: number): string =>
  `mean ${toNumberText(mu)}, deviation ${toNumberText(sigma)}`;

const stepped = (kind: string, values: string, { q }: Quantum) => ({
  kind,
  values: `${values}, multiples of ${toNumberText(q)}`,
});

/** All digits, as short as JavaScript has them: what was written must be found again. */
const toNumberText = (value: number): string => String(value);
