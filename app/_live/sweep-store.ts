import type { RunLine, SweepHead } from "@/graphql/operations/pages";
import { type FlatParams, flattenParams } from "@/ui/charts/prepare/rows";
import type { LiveStatus } from "./connection";

/** A run as the page uses it: its parameters read once, not at each drawing. */
export interface Row extends RunLine {
  readonly flat: FlatParams;
}

export interface SweepData {
  readonly head: SweepHead;
  /** In the order they came. */
  readonly rows: ReadonlyMap<string, Row>;
  /** All runs are in `rows`. */
  readonly complete: boolean;
  readonly status: LiveStatus;
}

/** Updates reach the page at most this often: twenty runs a second are a few drawings, not twenty. */
const FLUSH_MS = 120;
/** Sorting and drawing ten thousand rows takes about 60 ms on a slow core; at this pace that leaves it nine tenths. */
const LARGE_FLUSH_MS = 600;
const LARGE = 2_000;

/**
 * All that a sweep's page knows, in one place. What the subscription brings is newer than any page of runs
 * that was asked for meanwhile: a row that came live is never overwritten by one that was read.
 */
export interface SweepStore {
  subscribe(listener: () => void): () => void;
  data(): SweepData;
  initial: SweepData;
  setHead(head: SweepHead): void;
  /** What an answer to the user's own click says, ahead of the subscription. */
  patchHead(part: Partial<SweepHead>): void;
  setStatus(status: LiveStatus): void;
  addRead(runs: readonly RunLine[]): void;
  applyChange(change: { runs: readonly RunLine[]; removed: readonly string[] }): void;
  setComplete(): void;
}

export function createSweepStore(head: SweepHead, runs: readonly RunLine[], complete: boolean): SweepStore {
  const initial: SweepData = {
    head,
    rows: new Map(runs.map((run) => [run.id, toRow(run)])),
    complete,
    status: "connecting",
  };
  let shown = initial;
  let next = initial;
  /** Rows that came live or are known to be gone. */
  const live = new Set<string>();
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    shown = next;
    for (const listener of listeners) listener();
  };
  const later = (data: SweepData) => {
    next = data;
    timer ??= setTimeout(flush, next.rows.size > LARGE ? LARGE_FLUSH_MS : FLUSH_MS);
  };
  /** A copy a flush, however many changes it gathers. */
  const ownRows = (): Map<string, Row> =>
    next.rows === shown.rows ? new Map(shown.rows) : (next.rows as Map<string, Row>);

  return {
    initial,
    data: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setHead: (changed) => later({ ...next, head: changed }),
    patchHead(part) {
      next = { ...next, head: { ...next.head, ...part } };
      flush();
    },
    setStatus(status) {
      if (next.status === status) return;
      next = { ...next, status };
      flush();
    },
    addRead(read) {
      const rows = ownRows();
      for (const run of read) if (!live.has(run.id)) rows.set(run.id, toRow(run, rows.get(run.id)));
      later({ ...next, rows });
    },
    applyChange({ runs: changed, removed }) {
      if (changed.length === 0 && removed.length === 0) return;
      const rows = ownRows();
      for (const run of changed) {
        live.add(run.id);
        rows.set(run.id, toRow(run, rows.get(run.id)));
      }
      for (const id of removed) {
        live.add(id);
        rows.delete(id);
      }
      later({ ...next, rows });
    },
    setComplete: () => later({ ...next, complete: true }),
  };
}

const toRow = (run: RunLine, known?: Row): Row => ({
  ...run,
  flat: known?.params === run.params ? known.flat : flattenParams(run.params),
});
