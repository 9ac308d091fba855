import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { Client } from "@/client/client";
import { AppError, isAppError } from "@/core/errors";
import { SWEEP_ACTIONS, type SweepAction } from "@/core/sweep";
import {
  CancelSweep,
  FindRun,
  PauseSweep,
  ResumeSweep,
  StopListedRun,
  StopSweep,
} from "@/graphql/operations";
import type { ExitCode } from "../exit-code";
import { toExitCode } from "../exit-code";
import { type Terminal, toSweepId, withClient } from "./context";

const CONTROLS = { pause: PauseSweep, resume: ResumeSweep, stop: StopSweep, cancel: CancelSweep } as const;

const WHAT: Readonly<Record<SweepAction, string>> = {
  pause: "hand out no more runs of these sweeps for now",
  resume: "go on after a pause, or after the end",
  stop: "hand out no more runs of these sweeps; those under way finish",
  cancel: "end these sweeps, and the runs under way",
};

/** `besom pause ID ...` and its like. `besom sweep --pause ID`, as W&B has it, is the same. */
export function addControls(program: Command, terminal: Terminal, exit: ExitCode): void {
  for (const action of SWEEP_ACTIONS) {
    const command = program
      .command(`${action} <sweeps...>`)
      .description(WHAT[action])
      .option("--json", "print JSON");
    if (action === "stop")
      command.option(
        "-r, --run <name>",
        "only this run of the sweep (its name or id; repeatable)",
        (name: string, before: string[] = []) => [...before, name],
      );
    command.action((sweeps: string[], { json, run }: { json?: boolean; run?: string[] }) =>
      run
        ? stopRuns(terminal, sweeps, run, json === true)
        : each(terminal, exit, action, sweeps, json === true),
    );
  }
}

/** One after the other; one that refuses does not keep the others from being asked. */
async function each(
  terminal: Terminal,
  exit: ExitCode,
  action: SweepAction,
  sweeps: readonly string[],
  json: boolean,
): Promise<void> {
  const ids = sweeps.map(toSweepId);
  await withClient(terminal, async (client) => {
    for (const id of ids) {
      try {
        await control(terminal, client, action, id, json);
      } catch (error) {
        if (!isAppError(error) || ids.length === 1) throw error;
        terminal.err(`besom: ${error.message}`);
        exit.set(toExitCode(error));
      }
    }
  });
}

export async function control(
  { out }: Pick<Terminal, "out">,
  client: Client,
  action: SweepAction,
  sweepId: string,
  json: boolean,
): Promise<void> {
  const { sweep } = await client.mutate(CONTROLS[action], {
    input: { sweepId, clientMutationId: randomUUID() },
  });
  out(json ? JSON.stringify(sweep) : `sweep ${sweepId} is now ${sweep?.state ?? "unknown"}`);
}

async function stopRuns(
  terminal: Terminal,
  sweeps: readonly string[],
  names: readonly string[],
  json: boolean,
): Promise<void> {
  const [sweep, other] = sweeps;
  if (sweep === undefined || other !== undefined)
    throw new AppError("BAD_USAGE", `--run names runs of one sweep; ${sweeps.length} were given`);
  const sweepId = toSweepId(sweep);
  await withClient(terminal, async (client) => {
    for (const name of names) {
      const runId = await findRun(client, sweepId, name);
      const { run } = await client.mutate(StopListedRun, {
        input: { runId, clientMutationId: randomUUID() },
      });
      terminal.out(json ? JSON.stringify(run) : `${name} is being stopped`);
    }
  });
}

/** By the name on the pages, the one in paths, or the number. */
async function findRun(client: Client, sweepId: string, name: string): Promise<string> {
  const is = (field: "displayName" | "name" | "id") => ({ field, op: "eq", value: name }) as const;
  const named = [is("displayName"), is("name")];
  const filter = { or: /^\d{1,15}$/.test(name) ? [...named, is("id")] : named };
  const { sweep } = await client.query(FindRun, { sweepId, filter });
  const [run, another] = sweep?.runs.nodes ?? [];
  if (run && !another) return run.id;
  throw new AppError(
    "NOT_FOUND",
    another
      ? `${JSON.stringify(name)} is the name of several runs of sweep ${sweepId}; name one by its id, as \`besom runs ${sweepId} --json\` prints it`
      : `sweep ${sweepId} has no run ${JSON.stringify(name)}; \`besom runs ${sweepId}\` lists them`,
  );
}
