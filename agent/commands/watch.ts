import type { Command } from "commander";
import { pause } from "@/client/backoff";
import type { Client } from "@/client/client";
import { isAppError } from "@/core/errors";
import { type WatchedSweep, WatchSweep } from "@/graphql/operations";
import { draw } from "../watch/picture";
import { openScreen } from "../watch/screen";
import { notFound, type Terminal, toSweepId, withClient } from "./context";

interface Flags {
  once?: boolean;
  json?: boolean;
}

const HINT = "q leaves; the sweep goes on without this window";
const EVERY_MS = 1_000;
/** Rows of each list that are asked for: as many as a tall terminal shows. */
const ROWS = 50;

export function addWatch(program: Command, terminal: Terminal): void {
  program
    .command("watch <sweep>")
    .description("follow a sweep in the terminal: progress, best run, agents, runs under way")
    .option("--once", "show it once and leave")
    .option("--json", "print its state as a line of JSON each time it changes, until it is over")
    .action((sweep: string, flags: Flags) =>
      withClient(terminal, (client) => watch(terminal, client, toSweepId(sweep), flags)),
    );
}

async function watch(terminal: Terminal, client: Client, id: string, { once, json }: Flags): Promise<void> {
  const first = await read(client, id);
  const { stdin, stdout } = process;
  if (json) return follow(client, first, once === true, (sweep) => terminal.out(JSON.stringify(sweep)));
  const show = (sweep: WatchedSweep) =>
    terminal.out(
      draw({ sweep, nowMs: Date.now(), width: 120, height: 2 * ROWS, color: terminal.color }).join("\n"),
    );
  if (once || !stdout.isTTY || !stdin.isTTY) return follow(client, first, once === true, show);
  const last = await onScreen(terminal, client, first);
  // What was on the screen last stays readable after it.
  show(last);
}

/** For a pipe or a log file: each state that differs from the one before. */
async function follow(
  client: Client,
  first: WatchedSweep,
  once: boolean,
  show: (sweep: WatchedSweep) => void,
): Promise<void> {
  let shown = "";
  for (let sweep = first; ; sweep = await read(client, first.id, Number.POSITIVE_INFINITY)) {
    const text = JSON.stringify(sweep);
    if (text !== shown) show(sweep);
    shown = text;
    if (once || isOver(sweep)) return;
    await pause(EVERY_MS);
  }
}

/** Until the sweep is over or somebody leaves. */
async function onScreen({ color }: Terminal, client: Client, first: WatchedSweep): Promise<WatchedSweep> {
  const leave = new AbortController();
  let sweep = first;
  let trouble: string | undefined;
  const screen = openScreen(process.stdout, process.stdin, (key) => {
    if (key.includes("q") || key.includes("\x03") || key === "\x1b") leave.abort();
  });
  const redraw = () => {
    const { width, height } = screen;
    screen.show(draw({ sweep, nowMs: Date.now(), width, height, color, trouble, hint: HINT }));
  };
  process.stdout.on("resize", redraw);
  const end = () => leave.abort();
  process.once("SIGTERM", end);
  process.once("SIGHUP", end);
  try {
    while (!leave.signal.aborted && !isOver(sweep)) {
      redraw();
      await pause(EVERY_MS, leave.signal);
      if (leave.signal.aborted) break;
      try {
        sweep = await read(client, first.id, EVERY_MS);
        trouble = undefined;
      } catch (error) {
        // A deleted sweep or a revoked key is the end; a server that is away comes back.
        if (!isAppError(error) || error.code !== "SERVER_UNREACHABLE") throw error;
        trouble = error.message;
      }
    }
    return sweep;
  } finally {
    process.stdout.off("resize", redraw);
    process.off("SIGTERM", end);
    process.off("SIGHUP", end);
    screen.close();
  }
}

async function read(client: Client, id: string, patienceMs?: number): Promise<WatchedSweep> {
  const { sweep } = await client.query(
    WatchSweep,
    { id, rows: ROWS },
    patienceMs === undefined ? {} : { patienceMs },
  );
  if (!sweep) throw notFound(id);
  return sweep;
}

/** Nothing will change any more, unless somebody resumes it. */
const isOver = ({ state, counts }: WatchedSweep): boolean =>
  (state === "finished" || state === "canceled") && counts.running + counts.preempting === 0;
