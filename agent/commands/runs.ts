import type { Command } from "commander";
import { AppError } from "@/core/errors";
import { RUN_STATES, type RunState } from "@/core/run";
import { type ListedRun, ListRuns } from "@/graphql/operations";
import { toShortNumber, toTable } from "../table";
import { notFound, type Terminal, toCount, toSweepId, withClient } from "./context";
import { readPages } from "./pages";

interface Flags {
  state?: RunState[];
  limit: number;
  json?: boolean;
}

const MAX_PARAMS_WIDTH = 80;

export function addRuns(program: Command, terminal: Terminal): void {
  program
    .command("runs <sweep>")
    .description("list a sweep's runs")
    .option("--state <states>", "only these, separated by commas", toStates)
    .option("-n, --limit <n>", "at most this many", toCount, 100)
    .option("--json", "print JSON")
    .action((sweep: string, flags: Flags) => listRuns(terminal, toSweepId(sweep), flags));
}

async function listRuns(terminal: Terminal, id: string, { state, limit, json }: Flags): Promise<void> {
  const runs: ListedRun[] = [];
  let totalCount = 0;
  const filter = state ? ({ field: "state", op: "in", value: state } as const) : null;
  const sweep = await withClient(terminal, async (client) =>
    readPages(
      limit,
      async (first, after) => {
        const { sweep } = await client.query(ListRuns, { id, first, after, filter });
        if (!sweep) throw notFound(id);
        totalCount = sweep.runs.totalCount;
        return { owner: sweep, page: sweep.runs };
      },
      (run) => runs.push(run),
    ),
  );
  const { runs: _page, ...facts } = sweep;
  if (json) return terminal.out(JSON.stringify({ sweep: facts, totalCount, runs }));
  const metric = sweep.metric?.name ?? "objective";
  terminal.out(toTable(["RUN", "STATE", metric, "SECONDS", "PARAMETERS"], runs.map(toRow)));
  if (runs.length < totalCount)
    terminal.err(`${runs.length} of ${totalCount} runs; more with --limit ${totalCount}`);
}

function toRow(run: ListedRun): string[] {
  const { startedAt, finishedAt, params } = run;
  const seconds =
    startedAt && finishedAt ? (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000 : undefined;
  return [
    run.displayName,
    run.state,
    run.objective === null ? "-" : toShortNumber(run.objective),
    seconds === undefined ? "-" : seconds.toFixed(1),
    params.length > MAX_PARAMS_WIDTH ? `${params.slice(0, MAX_PARAMS_WIDTH - 1)}…` : params,
  ];
}

function toStates(text: string): RunState[] {
  return text.split(",").map((word) => {
    const state = RUN_STATES.find((known) => known === word.trim());
    if (state) return state;
    throw new AppError(
      "BAD_USAGE",
      `${JSON.stringify(word)} is no state of a run: expected ${RUN_STATES.join(", ")}`,
    );
  });
}
