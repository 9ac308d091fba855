import type { LoggedSeries, OutputPiece, RunHead, RunSeries } from "@/graphql/operations/run-page";
import { appendPoints, type LiveSeries, toLiveSeries } from "@/ui/charts/prepare/live-series";
import { Screen, type ScreenView } from "@/ui/terminal/screen";
import type { LiveStatus } from "./live-status";

/** What lies along x in all charts of the page. */
export type By = "step" | "time";

/** A part of the x axis, in steps or in milliseconds since the start. */
export type Part = readonly [number, number] | undefined;

export interface RunData {
  readonly head: RunHead;
  readonly by: By;
  /** What `series` hold. */
  readonly part: Part;
  /** By name, as the server sorts them. */
  readonly series: readonly LiveSeries[];
  readonly screen: ScreenView;
  /** More was printed before what the page has. */
  readonly cut: boolean;
  readonly status: LiveStatus;
}

export interface RunStore {
  subscribe(listener: () => void): () => void;
  data(): RunData;
  initial: RunData;
  setHead(head: RunHead): void;
  /** Shown at once: the answer to the reader's own click. */
  answer(head: RunHead): void;
  setStatus(status: LiveStatus): void;
  setHistory(read: readonly RunSeries[], by: By, part: Part): void;
  addLogged(logged: readonly LoggedSeries[]): void;
  setOutput(pieces: readonly OutputPiece[], cut: boolean): void;
  addOutput(pieces: readonly OutputPiece[]): void;
}

/** Drawn at most this often, however many updates come. */
const FLUSH_MS = 120;
/** The page keeps this much of what was printed. */
export const MAX_LINES = 2_000;

export function createRunStore(initial: {
  head: RunHead;
  series: readonly RunSeries[];
  output: readonly OutputPiece[];
  cut: boolean;
}): RunStore {
  let screen = toScreen(initial.output);
  let attempt = initial.output.at(-1)?.attempt ?? initial.head.attempt;
  const first: RunData = {
    head: initial.head,
    by: "step",
    part: undefined,
    series: initial.series.map((one) => toLiveSeries(toReadSeries(one, "step"))),
    screen: screen.view(),
    cut: initial.cut,
    status: "connecting",
  };
  let shown = first;
  let next = first;
  let screenChanged = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (screenChanged) next = { ...next, screen: screen.view() };
    screenChanged = false;
    shown = next;
    for (const listener of listeners) listener();
  };
  const later = (data: RunData) => {
    next = data;
    timer ??= setTimeout(flush, FLUSH_MS);
  };
  const write = (pieces: readonly OutputPiece[]) => {
    for (const piece of pieces) screen.write(piece);
    screenChanged = true;
  };

  return {
    initial: first,
    data: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setHead: (head) => later({ ...next, head }),
    answer(head) {
      next = { ...next, head };
      flush();
    },
    setStatus(status) {
      if (next.status === status) return;
      next = { ...next, status };
      flush();
    },
    setHistory(read, by, part) {
      later({ ...next, by, part, series: read.map((one) => toLiveSeries(toReadSeries(one, by))) });
    },
    addLogged(logged) {
      const startMs = next.head.startedAt === null ? 0 : Date.parse(next.head.startedAt);
      const known = new Map(next.series.map((one) => [one.key, one]));
      for (const { key, steps, times, values } of logged) {
        const x = next.by === "step" ? steps : times.map((time) => time - startMs);
        const inside = within(next.part, { x, values });
        if (inside.x.length === 0) continue;
        const before = known.get(key) ?? toLiveSeries({ ...EMPTY, key });
        known.set(key, appendPoints(before, inside));
      }
      const series = [...known.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
      later({ ...next, series });
    },
    setOutput(pieces, cut) {
      screen = toScreen(pieces);
      screenChanged = true;
      attempt = pieces.at(-1)?.attempt ?? attempt;
      later({ ...next, cut });
    },
    addOutput(pieces) {
      if (pieces.length === 0) return;
      // A new attempt prints from its beginning: what the one before it said is its own.
      const newest = pieces.reduce((number, piece) => Math.max(number, piece.attempt), attempt);
      const begun = newest !== attempt;
      if (begun) screen = new Screen(MAX_LINES);
      attempt = newest;
      write(pieces.filter((piece) => piece.attempt === attempt));
      later({ ...next, cut: begun ? false : next.cut });
    },
  };
}

function toScreen(pieces: readonly OutputPiece[]): Screen {
  const screen = new Screen(MAX_LINES);
  for (const piece of pieces) screen.write(piece);
  return screen;
}

/** What of it lies in the part that is looked at. */
function within<T>(part: Part, logged: { x: readonly number[]; values: readonly T[] }): typeof logged {
  if (!part) return logged;
  const fits = (_: unknown, i: number) => {
    const x = logged.x[i] as number;
    return x >= part[0] && x <= part[1];
  };
  return { x: logged.x.filter(fits), values: logged.values.filter(fits) };
}

const EMPTY = { key: "", total: 0, exact: true, points: { x: [], values: [] }, buckets: null };

/** Where a bucket stands: at its last value's step, or by time at its beginning. */
const toReadSeries = ({ buckets, ...series }: RunSeries, by: By) => ({
  ...series,
  buckets: buckets && { ...buckets, x: by === "step" ? buckets.lastStep : buckets.start },
});

/**
 * Output is listened to first and read afterwards, so what comes live begins with pieces that the reading has too. They
 * are left out; from the first one that it has not, everything is new.
 */
export function openSeam(read: readonly OutputPiece[]): (live: readonly OutputPiece[]) => OutputPiece[] {
  const known = new Map<string, number>();
  for (const piece of read) known.set(nameOf(piece), (known.get(nameOf(piece)) ?? 0) + 1);
  return (live) =>
    live.filter((piece) => {
      const count = known.get(nameOf(piece)) ?? 0;
      if (count > 0) known.set(nameOf(piece), count - 1);
      else known.clear();
      return count === 0;
    });
}

const nameOf = ({ attempt, time, stream, text }: OutputPiece): string =>
  `${attempt} ${time} ${stream} ${text}`;
