import type { Command } from "commander";
import { AppError } from "@/core/errors";
import { METRIC_STATS, type MetricStat } from "@/core/filter/operand";
import {
  ASKED_METHODS,
  type AskedMethod,
  IMPORTANCE_SCOPES,
  type Importance,
  type ImportanceMethod,
  type ImportanceScope,
  type ImportanceWarning,
  type ParameterImportance,
  UNFINISHED_CHOICES,
  type UnfinishedChoice,
} from "@/core/importance";
import type { RunFilter } from "@/core/run-filter";
import { readRunQuery } from "@/core/run-query";
import { CheckKey } from "@/graphql/operations";
import { ReadImportance } from "@/graphql/operations/importance";
import { toTable } from "../table";
import { notFound, type Terminal, toCount, toSweepId, withClient } from "./context";

interface Flags {
  metric?: string;
  stat?: MetricStat;
  method: AskedMethod;
  quantile?: number;
  unfinished: UnfinishedChoice;
  filter?: RunFilter;
  scope: ImportanceScope;
  limit: number;
  json?: boolean;
}

export function addImportance(program: Command, terminal: Terminal): void {
  program
    .command("importance <sweep>")
    .description("say which parameters of a sweep matter to a metric, how surely and which way")
    .option("--metric <name>", "to this metric; to the sweep's own when absent")
    .option(
      "--stat <stat>",
      `beside --metric: ${METRIC_STATS.join(", ")}; last when absent`,
      oneOf(METRIC_STATS),
    )
    .option("--method <method>", `${ASKED_METHODS.join(", ")}`, oneOf(ASKED_METHODS), "auto")
    .option("--quantile <share>", "with --method good: the share of the runs that are the best", toShare)
    .option(
      "--unfinished <choice>",
      `runs that did not end well: ${UNFINISHED_CHOICES.join(", ")}`,
      oneOf(UNFINISHED_CHOICES),
      "leave_out",
    )
    .option(
      "--filter <text>",
      "only these runs, as one types it above a table: 'lr<0.01 -tag:broken'",
      toFilter,
    )
    .option(
      "--scope <scope>",
      `whose runs: ${IMPORTANCE_SCOPES.join(", ")}`,
      oneOf(IMPORTANCE_SCOPES),
      "sweep",
    )
    .option("-n, --limit <n>", "at most this many parameters", toCount, 20)
    .option("--json", "print JSON")
    .action((sweep: string, flags: Flags) => showImportance(terminal, toSweepId(sweep), flags));
}

async function showImportance(terminal: Terminal, id: string, flags: Flags): Promise<void> {
  const { limit, json, ...asked } = flags;
  const variables = {
    ...{ id, metric: null, stat: null, quantile: null, filter: null },
    ...asked,
  };
  const { sweep } = await withClient(terminal, async (client) => {
    // That the server is there is soon known; the answer may take as long as it computes.
    await client.query(CheckKey, {});
    return client.query(ReadImportance, variables, { patienceMs: 2 * ANSWER_MS, requestMs: ANSWER_MS });
  });
  if (!sweep) throw notFound(id);
  const { importance, ...facts } = sweep;
  if (json) return terminal.out(JSON.stringify({ sweep: facts, importance }));
  const metric = flags.metric ?? sweep.metric?.name ?? "the metric";
  const { parameters, pairs, warnings, constant } = importance;
  if (parameters.length > 0) {
    terminal.out(toHeading(importance, metric));
    const totals = parameters.some(({ total }) => total !== null);
    terminal.out(
      toTable(
        ["PARAMETER", "SHARE", "90 %", ...(totals ? ["WITH OTHERS"] : []), "", "BETTER", "CORRELATION"],
        parameters.slice(0, limit).map((one) => toRow(one, totals)),
      ),
    );
    const together = pairs.filter(({ importance }) => importance >= 0.01).slice(0, 3);
    if (together.length > 0)
      terminal.out(
        `together beyond both: ${together.map(({ a, b, importance }) => `${a} with ${b} ${toPercent(importance)}`).join(", ")}`,
      );
  }
  if (parameters.length > limit)
    terminal.err(`${limit} of ${parameters.length} parameters; more with --limit ${parameters.length}`);
  if (constant.length > 0) terminal.err(`always the same: ${constant.join(", ")}`);
  for (const warning of warnings) terminal.err(toWords(warning, importance, metric));
}

/** A little longer than the server keeps an answer open; what is computed goes on after it, for whoever asks again. */
const ANSWER_MS = 35_000;

const NAMES: Readonly<Record<ImportanceMethod, string>> = {
  forest: "random forest",
  good: "the best runs against all",
  gp: "Gaussian process",
};

function toHeading({ method, runs, good, imputed, leftOut, outOfBagR2 }: Importance, metric: string): string {
  const facts = [
    `${NAMES[method]} of ${runs} runs`,
    ...(good === null ? [] : [`${good} of them the best`]),
    ...(imputed > 0 ? [`${imputed} as bad as the worst`] : []),
    ...(leftOut > 0 ? [`${leftOut} left out`] : []),
    ...(outOfBagR2 === null ? [] : [`trust ${Math.max(0, outOfBagR2).toFixed(2)}`]),
  ];
  return `what matters to ${metric}: ${facts.join(", ")}`;
}

function toRow(
  { name, importance, low, high, total, direction, correlation, correlationOf }: ParameterImportance,
  totals: boolean,
): string[] {
  return [
    name,
    toPercent(importance),
    `${toPercent(low)} to ${toPercent(high)}`,
    ...(totals ? [total === null ? "-" : toPercent(total)] : []),
    toBar(importance, total ?? importance),
    direction === "mixed" ? "-" : direction,
    correlation === null
      ? "-"
      : `${correlation.toFixed(2)}${correlationOf === null ? "" : ` for ${correlationOf}`}`,
  ];
}

const BAR_CELLS = 20;

/** Full what it does by itself, light what it does with others. */
function toBar(share: number, total: number): string {
  const cells = (part: number) => Math.round(Math.max(0, Math.min(1, part)) * BAR_CELLS);
  const full = cells(share);
  return "█".repeat(full) + "░".repeat(Math.max(0, cells(total) - full)).padEnd(BAR_CELLS - full, "·");
}

const toPercent = (share: number): string => {
  const percent = Math.max(0, share) * 100;
  return percent > 0 && percent < 1 ? "< 1 %" : `${Math.round(percent)} %`;
};

function toWords(warning: ImportanceWarning, { runs, needed, method }: Importance, metric: string): string {
  switch (warning) {
    case "TOO_FEW_RUNS":
      return `${needed - runs} more runs with a value of ${metric} must end before anything can be said: ${runs} of ${needed} so far`;
    case "NOTHING_VARIES":
      return "all these runs have the same parameters: nothing to compare";
    case "METRIC_CONSTANT":
      return `all these runs have the same value of ${metric}: no parameter made a difference`;
    case "WEAK_FIT":
      return method === "good"
        ? "runs drawn at random would differ as much: the order is mostly chance"
        : "less than 0.3 of the variation is foretold in runs not seen before: the order is mostly chance";
    case "FEW_RUNS":
      return `with ${runs} runs the order may be chance`;
    case "SAMPLED_RUNS":
      return `there were more runs: ${runs} were drawn, since this method takes minutes for more`;
  }
}

const oneOf =
  <T extends string>(words: readonly T[]) =>
  (text: string): T => {
    const known = words.find((word) => word === text);
    if (known) return known;
    throw new AppError("BAD_USAGE", `${JSON.stringify(text)} is none of ${words.join(", ")}`);
  };

function toShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share < 1) return share;
  throw new AppError("BAD_USAGE", `${JSON.stringify(text)} is no share: expected a number between 0 and 1`);
}

function toFilter(text: string): RunFilter | undefined {
  const { filter, problem } = readRunQuery(text);
  if (problem !== undefined) throw new AppError("BAD_USAGE", problem);
  return filter;
}
