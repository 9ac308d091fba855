import { existsSync } from "node:fs";
import { toShortNumber, toTable } from "@/agent/table";
import { localPath } from "@/client/credentials";
import { candidateRules } from "@/compute/stopping/candidates";
import type { RecordedRun } from "@/compute/stopping/replay";
import { type Savings, savingsOf } from "@/compute/stopping/savings";
import { AppError } from "@/core/errors";
import type { Goal } from "@/core/sweep";
import { deserializeConfig, type EarlyTerminate, parseSweepConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { connect } from "@/db/connect";
import {
  listRecordedRuns,
  type RecordedSweep,
  readMetricPoints,
  readRecordedSweep,
} from "@/db/queries/recorded-runs";
import { runMain, say } from "./lib/program";

/** `besom simulate-stopping ID`: what rules of early stopping would have saved and lost, from the stored history. */
await runMain(async ([path, ...given], json) => {
  const sweepId = path?.split("/").at(-1);
  if (!sweepId) throw new AppError("BAD_USAGE", "name the sweep: besom simulate-stopping ID");
  const local = localPath(process.env);
  if (!process.env.DATABASE_URL && !existsSync(local))
    throw new AppError(
      "BAD_USAGE",
      `no server has run here (there is no ${local}): set BESOM_DATA_DIR or DATABASE_URL to the database of the sweep`,
    );
  const asked = given.map((text) => ({ label: text, rule: readRule(text) }));
  const { db, close } = await connect({ attach: true, max: 2, applicationName: "besom-simulate", log: say });
  try {
    const sweep = await readRecordedSweep(db.sql, sweepId);
    if (sweep === undefined) throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`);
    const { metricName: metric, goal } = sweep;
    if (metric === null)
      throw new AppError("NOT_FOUND", `sweep ${sweepId} names no metric, so no run is better than another`);
    const { runs, leftOut } = await readRuns(db, sweepId, sweep, metric);
    if (runs.length === 0)
      throw new AppError("NOT_FOUND", `no run of sweep ${sweepId} has finished with a history of ${metric}`);
    const rules = asked.length > 0 ? asked : rulesFor(sweep, runs);
    const rows = rules.map(({ label, rule }) => ({ label, ...savingsOf(rule, goal, runs) }));
    const values = runs.reduce((sum, run) => sum + run.values.length, 0);
    if (json) console.log(JSON.stringify({ sweepId, metric, goal, values, leftOut, rules: rows }));
    else console.log(toText({ metric, goal, values, leftOut }, rows));
    return 0;
  } finally {
    await close();
  }
});

/** Finished runs only: how the others would have gone on nobody knows. */
async function readRuns(
  db: Database,
  sweepId: string,
  { projectId }: RecordedSweep,
  metricName: string,
): Promise<{ runs: RecordedRun[]; leftOut: number }> {
  const all = await listRecordedRuns(db.sql, sweepId);
  const runs: RecordedRun[] = [];
  for (const { runId, attempt, state, dropped } of all) {
    if (state !== "finished" || dropped) continue;
    const points = await db.sql.begin((tx) =>
      readMetricPoints(tx, { projectId, metricName, runId, attempt }),
    );
    const finite = points?.values.map((value, i) => (Number.isFinite(value) ? i : -1)).filter((i) => i >= 0);
    if (points === undefined || finite === undefined || finite.length === 0) continue;
    const pick = (column: Float64Array) => finite.map((i) => column[i] as number);
    runs.push({ runId, steps: pick(points.steps), times: pick(points.times), values: pick(points.values) });
  }
  return { runs, leftOut: all.length - runs.length };
}

/** The sweep's own rule first, if it has one; then the usual ones for runs of this length. */
function rulesFor({ config }: RecordedSweep, runs: readonly RecordedRun[]) {
  const own = deserializeConfig(config).earlyTerminate;
  const length = runs.reduce((longest, { values }) => Math.max(longest, values.length), 0);
  const usual = candidateRules(length).map((rule) => {
    const label = toFlow(rule);
    return { label, rule: readRule(label) };
  });
  return own === undefined ? usual : [{ label: `its own (${own.type})`, rule: own }, ...usual];
}

function toFlow(rule: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(rule).map(([key, value]) => `${key}: ${value}`);
  return `{${pairs.join(", ")}}`;
}

/** As `early_terminate` of a sweep file. What a file would only be warned of is refused here. */
function readRule(text: string): EarlyTerminate {
  const { config, errors, warnings } = parseSweepConfig(
    `method: random\nmetric: {name: x, goal: minimize}\nparameters: {x: {value: 1}}\nearly_terminate: ${text}\n`,
  );
  const [finding] = [...errors, ...warnings.filter(({ path }) => path[0] === "early_terminate")];
  const rule = config?.earlyTerminate;
  if (rule === undefined || finding !== undefined)
    throw new AppError("BAD_USAGE", `--rule ${text}: ${finding?.message ?? "is no rule of early stopping"}`);
  return rule;
}

interface Facts {
  readonly metric: string;
  readonly goal: Goal;
  readonly values: number;
  readonly leftOut: number;
}

function toText(
  { metric, goal, values, leftOut }: Facts,
  rows: readonly (Savings & { readonly label: string })[],
): string {
  const [{ runs, best, bestDecile } = { runs: 0, best: 0, bestDecile: 0 }] = rows;
  const heading = ["RULE", "STOPPED", "SPENT %", "OF BEST TENTH LOST", "BEST LEFT"];
  const table = toTable(
    heading,
    rows.map((row) => [
      row.label,
      String(row.stopped),
      (100 * row.spent).toFixed(1),
      String(row.bestDecileStopped),
      toShortNumber(row.bestFound),
    ]),
  );
  const others = leftOut === 0 ? "" : `; ${leftOut} others are left out (not finished, or without a history)`;
  return [
    `${runs} finished runs with ${values} values of ${metric} (${goal} it)${others}.`,
    `The best value is ${toShortNumber(best)}; the best tenth are ${bestDecile} runs.`,
    table,
  ].join("\n");
}
