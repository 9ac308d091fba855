import { toPythonText } from "@/core/python";
import { isValueMap, parseJson, type Value } from "@/core/value";
import type { WatchedRun, WatchedSweep } from "@/graphql/operations";
import { cellsOf, countCells, padCells, toShown } from "../cells";
import { toDuration } from "../progress";
import { toShortNumber } from "../table";

export interface Frame {
  sweep: WatchedSweep;
  /** By this machine's clock. */
  nowMs: number;
  /** Of the terminal, in cells. */
  width: number;
  height: number;
  color: boolean;
  /** The server doesn't answer, and what is shown is as old as the last answer. */
  trouble?: string | undefined;
  /** The last line: what one can type. */
  hint?: string;
}

/** What the terminal shows of a sweep: at most `height` lines of at most `width` cells. The same sweep, the same lines. */
export function draw(frame: Frame): string[] {
  const { sweep, height, width } = frame;
  const paint = painter(frame.color);
  const head = [
    `${paint(toShown(sweep.name), 1)}  ${paint(sweep.state, STATE_COLORS[sweep.state] ?? 0)}${sweep.stateReason ? ` (${toShown(sweep.stateReason)})` : ""}  ${sweep.method}`,
    paint(toShown(sweep.url), 90),
    ...(frame.trouble ? [paint(toShown(frame.trouble), 33)] : []),
    "",
    toProgress(frame, paint),
    toBest(frame, paint),
  ];
  const foot = frame.hint === undefined ? [] : ["", paint(frame.hint, 90)];
  // Agents are few or all alike, runs under way are what one looks at: each gets a share of what is left.
  const room = Math.max(4, height - head.length - foot.length);
  const agents = toAgents(sweep, paint);
  const running = toRuns("under way", sweep.running.nodes, sweep.running.totalCount, frame, paint);
  const ended = toRuns("ended last", sweep.ended.nodes, sweep.ended.totalCount, frame, paint);
  const shares = share(room, [agents.length, running.length, ended.length]);
  const body = [agents, running, ended].flatMap((lines, i) => lines.slice(0, shares[i]));
  return [...head, ...body, ...foot].slice(0, height).map((line) => cut(line, width));
}

const STATE_COLORS: Readonly<Record<string, number>> = {
  running: 32,
  finished: 32,
  paused: 33,
  pending: 33,
  killed: 33,
  preempted: 33,
  preempting: 33,
  canceled: 31,
  failed: 31,
  crashed: 31,
};

type Paint = (text: string, code: number) => string;
const painter =
  (color: boolean): Paint =>
  (text, code) =>
    color && code !== 0 && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;

/** `[########------] 12 of 20  3 running  1 failed   4.1 runs/min, 2 min 10 s left` */
function toProgress({ sweep, nowMs, width }: Frame, paint: Paint): string {
  const { counts, size, runCap } = sweep;
  const over = counts.finished + counts.failed + counts.crashed + counts.killed;
  const whole = wholeOf(size, runCap);
  const others = (["running", "pending", "failed", "crashed", "killed"] as const)
    .filter((state) => counts[state] > 0)
    .map((state) => paint(`${counts[state]} ${state}`, STATE_COLORS[state] ?? 0));
  const pace = paceOf(sweep, over, nowMs);
  const rate = pace === undefined ? [] : [`${toShortNumber(Number(pace.toPrecision(2)))} runs/min`];
  const left =
    pace !== undefined && whole !== undefined && sweep.state === "running" && whole > over
      ? [`${toDuration(((whole - over) / pace) * 60_000)} left`]
      : [];
  const facts = [
    whole === undefined ? `${over} over` : `${over} of ${whole}`,
    ...others,
    [...rate, ...left].join(", "),
  ];
  const text = facts.filter(Boolean).join("   ");
  if (whole === undefined || width < 60) return text;
  const cells = Math.min(40, Math.floor(width / 3));
  const full = Math.min(cells, Math.floor((cells * over) / Math.max(1, whole)));
  return `${paint("█".repeat(full), 32)}${paint("░".repeat(cells - full), 90)}  ${text}`;
}

function wholeOf(size: string | null, runCap: number | null): number | undefined {
  const points = size === null ? Number.POSITIVE_INFINITY : Number(size);
  const whole = Math.min(points, runCap ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(whole) ? whole : undefined;
}

/** Runs a minute since its first run began. */
function paceOf({ startedAt, finishedAt }: WatchedSweep, over: number, nowMs: number): number | undefined {
  if (startedAt === null || over === 0) return undefined;
  const minutes = ((finishedAt === null ? nowMs : Date.parse(finishedAt)) - Date.parse(startedAt)) / 60_000;
  return minutes > 0 ? over / minutes : undefined;
}

function toBest({ sweep }: Frame, paint: Paint): string {
  const { metric, bestRun } = sweep;
  if (!metric) return "no metric: no run is better than another";
  const name = toShown(metric.name);
  if (!bestRun) return `best ${name}: none yet`;
  const value = bestRun.objective === null ? "-" : toShortNumber(bestRun.objective);
  return `best ${name} ${paint(value, 1)}  ${toShown(bestRun.displayName)}  ${toParams(bestRun.params)}`;
}

function toAgents({ agents, state: stage }: WatchedSweep, paint: Paint): string[] {
  const alive = agents.filter(({ state }) => state === "alive");
  if (alive.length === 0 && (stage === "finished" || stage === "canceled")) return [];
  if (alive.length === 0) return ["", paint("no agent is at work", 33)];
  const widest = Math.max(...alive.map(({ host }) => countCells(toShown(host))));
  return [
    "",
    paint(`${alive.length} ${alive.length === 1 ? "agent" : "agents"}`, 1),
    ...alive.map(
      ({ host, slots, currentRuns, runsDone, runsFailed }) =>
        `  ${padCells(toShown(host), widest)}  ${currentRuns.length} of ${slots} ${slots === 1 ? "slot" : "slots"}  ${runsDone} done${runsFailed > 0 ? paint(`  ${runsFailed} failed`, 31) : ""}`,
    ),
  ];
}

function toRuns(
  title: string,
  runs: readonly WatchedRun[],
  total: number,
  frame: Frame,
  paint: Paint,
): string[] {
  if (runs.length === 0) return [];
  const { sweep, nowMs } = frame;
  const widest = Math.max(...runs.map(({ displayName }) => countCells(toShown(displayName))));
  const rows = runs.map((run) => {
    const end = run.finishedAt === null ? nowMs : Date.parse(run.finishedAt);
    const time = run.startedAt === null ? "" : toDuration(Math.max(0, end - Date.parse(run.startedAt)));
    const value = run.objective === null || !sweep.metric ? "" : toShortNumber(run.objective);
    const state =
      run.state === "running" ? "" : `${paint(run.state.padEnd(8), STATE_COLORS[run.state] ?? 0)}  `;
    return `  ${padCells(toShown(run.displayName), widest)}  ${state}${time.padStart(12)}  ${value.padStart(10)}  ${toParams(run.params)}`;
  });
  return ["", paint(`${total} ${title}`, 1), ...rows];
}

/** `lr=0.1 layers=[64, 32]`; groups spelt with dots. */
function toParams(text: string): string {
  const write = (name: string, value: Value): string[] =>
    isValueMap(value)
      ? Object.entries(value).flatMap(([key, item]) => write(`${name}.${key}`, item))
      : [`${name}=${typeof value === "string" ? value : toPythonText(value)}`];
  const params = parseJson(text);
  return toShown(
    isValueMap(params)
      ? Object.entries(params)
          .flatMap(([name, value]) => write(name, value))
          .join(" ")
      : text,
  );
}

/** Of `room` lines: what each wants, as long as that is fair; what one leaves goes to the others. */
export function share(room: number, wanted: readonly number[]): number[] {
  const given = wanted.map(() => 0);
  for (let left = room; left > 0; left--) {
    let neediest = -1;
    wanted.forEach((wants, i) => {
      const has = given[i] ?? 0;
      if (has < wants && (neediest === -1 || has < (given[neediest] ?? 0))) neediest = i;
    });
    if (neediest === -1) break;
    given[neediest] = (given[neediest] ?? 0) + 1;
  }
  return given;
}

const ESCAPE = "\x1b";

/** To `width` cells, colours not counted (and closed again). */
export function cut(line: string, width: number): string {
  const parts = line.split(COLORS);
  if (parts.reduce((cells, part) => cells + (isColor(part) ? 0 : countCells(part)), 0) <= width) return line;
  let kept = "";
  let left = width - 1;
  for (const part of parts) {
    if (isColor(part)) {
      kept += part;
      continue;
    }
    for (const character of part) {
      left -= cellsOf(character);
      if (left < 0) return `${kept}…${kept.includes(ESCAPE) ? `${ESCAPE}[0m` : ""}`;
      kept += character;
    }
  }
  return kept;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of our own.
const COLORS = /(\x1b\[\d+m)/;
const isColor = (part: string): boolean => part.startsWith(ESCAPE);
