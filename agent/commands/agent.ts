import { hostname } from "node:os";
import { type Command, Option } from "commander";
import type { Client } from "@/client/client";
import { AppError } from "@/core/errors";
import { isSweepId } from "@/core/ids";
import { ResetMachine } from "@/graphql/operations";
import { EXIT, type ExitCode } from "../exit-code";
import { Ladder } from "../ladder";
import { findDevices } from "../machine/gpus";
import { Progress } from "../progress";
import { watchRelay } from "../relay";
import type { Outcome } from "../run/live-run";
import { recover } from "../spools/recover";
import { spoolRootOf } from "../spools/root";
import { VERSION } from "../version";
import { type WorkOptions, work } from "../worker";
import { checkPlace, type Terminal, toCount, toSweepId, withClient } from "./context";

interface Flags {
  count?: number;
  slots?: number;
  gpus?: string | true;
  project?: string;
  entity?: string;
  showOutput?: boolean;
  forwardSignals?: boolean;
  termTimeout?: number;
  maxConsecutiveFailures?: number;
  maxConsecutiveFailedRuns?: number;
  reset?: boolean;
  recover?: boolean;
  gitDiff: boolean;
}

export function addAgent(program: Command, terminal: Terminal, exit: ExitCode): void {
  program
    .command("agent [sweep]")
    .description("run a sweep's training program here, until there is no more to do")
    .option("-n, --count <n>", "leave after this many runs", toCount)
    .option("-s, --slots <n>", "runs at the same time (default: 1, or one for each GPU)", toCount)
    .option("-g, --gpus [list]", "give each slot its own GPU: 0,1 or 0-3; without a list, all there are")
    .option("-p, --project <name>", "the sweep's project, when the id alone is given")
    .option("-e, --entity <name>", "the project's entity")
    .option("-o, --show-output", "show here what the training programs print")
    .option("-f, --forward-signals", "pass every signal on to the training programs")
    .option("-t, --term-timeout <seconds>", "after Ctrl-C or SIGTERM, kill runs that take longer", toSeconds)
    .option("--max-consecutive-failures <n>", "leave when so many runs failed in a row", toCount)
    .addOption(new Option("--max-consecutive-failed-runs <n>").argParser(toCount).hideHelp())
    .option("--reset", "lift the quarantine of this machine in the sweep first")
    .option("--recover", "deliver what agents that died left on this machine, and leave")
    .option("--no-git-diff", "don't write down what the working tree has beside its commit")
    .action((word: string | undefined, given: Flags) => {
      const { sweep, flags } = unswallow(word, given);
      if (flags.recover) return recoverAll(terminal, exit);
      if (sweep === undefined)
        throw new AppError("BAD_USAGE", "which sweep? `besom agent ID`, as `besom sweep` prints it");
      return runAgent(terminal, exit, sweep, flags);
    });
}

/** `--gpus SWEEP`: an option whose list may be left out takes the word behind it. */
function unswallow(sweep: string | undefined, flags: Flags): { sweep: string | undefined; flags: Flags } {
  const { gpus } = flags;
  const isSweep =
    typeof gpus === "string" && (gpus.includes("/") || isSweepId(gpus)) && !/^(GPU|MIG)-/.test(gpus);
  return sweep === undefined && isSweep ? { sweep: gpus, flags: { ...flags, gpus: true } } : { sweep, flags };
}

/** The first Ctrl-C lets runs finish, the second stops them, the third kills them; SIGTERM stops them and hands them back. */
async function runAgent(terminal: Terminal, exit: ExitCode, sweep: string, flags: Flags): Promise<void> {
  const { env, cwd, err, color } = terminal;
  const sweepId = toSweepId(sweep);
  const ladder = new Ladder();
  const unlisten = ladder.listen({ forward: flags.forwardSignals === true });
  const unwatch = watchRelay(() => ladder.climbTo("stopping"));
  const progress = new Progress(err, color);
  try {
    const place = await toPlace(flags, terminal);
    await withClient(terminal, async (client) => {
      if (flags.reset) await lift(client, sweepId, progress);
      const outcomes = await work({
        client,
        sweepId,
        onRegistered: (found) => checkPlace(sweep, flags, found),
        ...place,
        ...toLimits(flags, env),
        cwd,
        env,
        echo: flags.showOutput === true,
        withDiff: flags.gitDiff && env.BESOM_NO_GIT_DIFF !== "1",
        ladder,
        progress,
        version: VERSION,
      });
      const lost = outcomes.get("undelivered") ?? 0;
      if (lost > 0) throw new AppError("SERVER_UNREACHABLE", `the end of ${lost} runs could not be reported`);
      if (!isWellDone(outcomes)) exit.set(EXIT.failed);
    });
  } finally {
    unlisten();
    unwatch();
  }
}

async function toPlace(
  { slots, gpus }: Flags,
  { env }: Terminal,
): Promise<Pick<WorkOptions, "slots" | "devices">> {
  if (gpus === undefined) return { slots: slots ?? 1 };
  const devices = await findDevices(gpus, env);
  return { slots: slots ?? devices.length, devices };
}

function toLimits(flags: Flags, env: Terminal["env"]): Partial<WorkOptions> {
  const maxFailures = flags.maxConsecutiveFailures ?? flags.maxConsecutiveFailedRuns;
  const { WANDB_AGENT_KILL_DELAY: delay } = env;
  return {
    ...(flags.count !== undefined && { count: flags.count }),
    ...(flags.termTimeout !== undefined && { termTimeoutMs: flags.termTimeout * 1_000 }),
    ...(maxFailures !== undefined && { maxFailures }),
    ...(delay && { graceMs: toSeconds(delay) * 1_000 }),
  };
}

async function lift(client: Client, sweepId: string, progress: Progress): Promise<void> {
  const host = hostname();
  const { lifted } = await client.mutate(ResetMachine, { input: { sweepId, host } });
  progress.say(
    lifted ? `the quarantine of ${host} in sweep ${sweepId} is lifted` : `${host} was in no quarantine`,
  );
}

/** Nothing that the server took for so long: it is away, and a person waits. */
const NO_PROGRESS_MS = 30_000;

async function recoverAll(terminal: Terminal, exit: ExitCode): Promise<void> {
  const { env, cwd, err, color } = terminal;
  const progress = new Progress(err, color);
  const end = new AbortController();
  const root = spoolRootOf(env, cwd);
  const timer = setTimeout(() => end.abort(), NO_PROGRESS_MS);
  const stop = () => end.abort();
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const { delivered, left, givenUp } = await recover({
    root,
    userAgent: `besom/${VERSION}`,
    signal: end.signal,
    say: (message) => progress.say(message),
    onProgress: () => timer.refresh(),
  }).finally(() => {
    clearTimeout(timer);
    process.off("SIGINT", stop).off("SIGTERM", stop);
  });
  progress.say(
    delivered + left + givenUp === 0
      ? `nothing is left in ${root}`
      : `${delivered} delivered, ${givenUp} given up, ${left} left`,
  );
  if (left > 0)
    throw new AppError(
      "SERVER_UNREACHABLE",
      `the server took nothing for ${NO_PROGRESS_MS / 1_000} s; ${left} runs are still in ${root}, try again when it is there`,
    );
  if (givenUp > 0) exit.set(EXIT.failed);
}

/** `--term-timeout 90`. */
function toSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds) && seconds >= 0 && seconds <= 1_000_000) return seconds;
  throw new AppError(
    "BAD_USAGE",
    `${JSON.stringify(text)} is no time: expected a number of seconds, 0 or more`,
  );
}

/**
 * An agent's task is to work through what the sweep hands out: a failed run among others is part of that. It has not
 * been done when every run failed, or when work under way went back to the queue.
 */
export function isWellDone(outcomes: ReadonlyMap<Outcome, number>): boolean {
  const of = (outcome: Outcome) => outcomes.get(outcome) ?? 0;
  const all = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  return of("preempted") === 0 && (all === 0 || of("failed") < all);
}
