import type { Command } from "commander";
import { AppError } from "@/core/errors";
import { EXIT, type ExitCode } from "../exit-code";
import { Ladder } from "../ladder";
import { Progress } from "../progress";
import { watchRelay } from "../relay";
import { WANDB_NOTICE } from "../run/environment";
import type { Outcome } from "../run/live-run";
import { VERSION } from "../version";
import { work } from "../worker";
import { checkPlace, type Terminal, toCount, toSweepId, withClient } from "./context";

interface Flags {
  count?: number;
  slots: number;
  project?: string;
  entity?: string;
  showOutput?: boolean;
}

export function addAgent(program: Command, terminal: Terminal, exit: ExitCode): void {
  program
    .command("agent <sweep>")
    .description("run a sweep's training program here, until there is no more to do")
    .option("-n, --count <n>", "leave after this many runs", toCount)
    .option("-s, --slots <n>", "runs at the same time", toCount, 1)
    .option("-p, --project <name>", "the sweep's project, when the id alone is given")
    .option("-e, --entity <name>", "the project's entity")
    .option("-o, --show-output", "show here what the training programs print")
    .action((sweep: string, flags: Flags) => runAgent(terminal, exit, sweep, flags));
}

/** The first Ctrl-C lets runs finish, the second stops them, the third kills them; SIGTERM stops them and hands them back. */
async function runAgent(terminal: Terminal, exit: ExitCode, sweep: string, flags: Flags): Promise<void> {
  const { env, cwd, err, color } = terminal;
  const sweepId = toSweepId(sweep);
  const ladder = new Ladder();
  const unlisten = ladder.listen();
  const unwatch = watchRelay(() => ladder.climbTo("stopping"));
  const progress = new Progress(err, color);
  try {
    await withClient(terminal, async (client) => {
      const outcomes = await work({
        client,
        sweepId,
        onRegistered: (found) => checkPlace(sweep, flags, found),
        slots: flags.slots,
        ...(flags.count !== undefined && { count: flags.count }),
        cwd,
        env,
        echo: flags.showOutput === true,
        ladder,
        progress,
        version: VERSION,
        notice: WANDB_NOTICE,
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

/**
 * An agent's task is to work through what the sweep hands out: a failed run among others is part of that. It has not
 * been done when every run failed, or when work under way went back to the queue.
 */
export function isWellDone(outcomes: ReadonlyMap<Outcome, number>): boolean {
  const of = (outcome: Outcome) => outcomes.get(outcome) ?? 0;
  const all = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  return of("preempted") === 0 && (all === 0 || of("failed") < all);
}
