import type { AgentLine, RunLine, SweepHead } from "@/graphql/operations/pages";
import { type FlatParams, flattenParams } from "@/ui/charts/prepare/rows";
import type { LiveStatus } from "./live-status";

/** A run as the page uses it: its parameters read once, not at each drawing. */
export interface Row extends RunLine {
  readonly flat: FlatParams;
  /** By `toMetricKey`. */
  readonly metrics: ReadonlyMap<string, number>;
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
 * A head that was read before the user's click took effect can arrive after the click's answer: they travel on
 * different connections. So for this long a head that still tells the state before the click is shown with the
 * answer's; then the last head counts, whatever it tells. The server tells a change within a second at the latest.
 */
export const SETTLE_MS = 2_000;

/** What a control's answer brings. */
export type ControlAnswer = Pick<SweepHead, "state" | "stateReason" | "allowedActions">;

/**
 * All that a sweep's page knows, in one place. What the subscription brings is newer than any page of runs
 * that was asked for meanwhile: a row that came live is never overwritten by one that was read.
 */
export interface SweepStore {
  subscribe(listener: () => void): () => void;
  data(): SweepData;
  initial: SweepData;
  setHead(head: SweepHead): void;
  /** Those that are new or changed. */
  setAgents(agents: readonly AgentLine[]): void;
  /** The answer to the user's own click, ahead of the subscription. */
  answerControl(answer: ControlAnswer): void;
  setStatus(status: LiveStatus): void;
  addRead(runs: readonly RunLine[]): void;
  applyChange(change: { runs: readonly RunLine[]; removed: readonly string[] }): void;
  /** What the user has just done to runs, ahead of the server's word. @returns what takes it back where nothing newer has come */
  patchRuns(patches: ReadonlyMap<string, RunPatch>): () => void;
  setComplete(): void;
}

export type RunPatch = Partial<Pick<RunLine, "tags" | "notes">>;

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

  /** The latest click's answer while it settles: the state before it, and the last head that came. */
  let settling: { before: SweepHead["state"]; answer: ControlAnswer; last: SweepHead } | undefined;

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
  const settle = (click: NonNullable<typeof settling>) => {
    settling = click;
    setTimeout(() => {
      if (settling !== click) return;
      settling = undefined;
      later({ ...next, head: click.last });
    }, SETTLE_MS);
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
    setHead(changed) {
      if (settling) settling.last = changed;
      const old = changed.state === settling?.before;
      later({ ...next, head: old ? { ...changed, ...settling?.answer } : changed });
    },
    setAgents(changed) {
      const byId = new Map(next.head.agents.map((agent) => [agent.id, agent]));
      for (const agent of changed) byId.set(agent.id, agent);
      const head = { ...next.head, agents: [...byId.values()] };
      if (settling) settling.last = { ...settling.last, agents: head.agents };
      later({ ...next, head });
    },
    answerControl({ state, stateReason, allowedActions }) {
      const answer = { state, stateReason, allowedActions };
      const head = { ...next.head, ...answer };
      // When the subscription was faster than the answer, nothing older can follow.
      if (state !== next.head.state) settle({ before: next.head.state, answer, last: head });
      next = { ...next, head };
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
    patchRuns(patches) {
      const change = (toPatch: (row: Row) => RunPatch | undefined) => {
        const rows = ownRows();
        for (const id of patches.keys()) {
          const row = rows.get(id);
          const patch = row && toPatch(row);
          if (patch) rows.set(id, { ...row, ...patch });
        }
        next = { ...next, rows };
        flush();
      };
      const before = new Map<string, Row>();
      change((row) => {
        before.set(row.id, row);
        return patches.get(row.id);
      });
      return () =>
        change((row) => {
          const [patch, old] = [patches.get(row.id), before.get(row.id)];
          if (!patch || !old) return undefined;
          const stands = Object.entries(patch).every(([key, value]) => row[key as keyof RunPatch] === value);
          return stands ? { tags: old.tags, notes: old.notes } : undefined;
        });
    },
    setComplete: () => later({ ...next, complete: true }),
  };
}

const toRow = (run: RunLine, known?: Row): Row => ({
  ...run,
  flat: known?.params === run.params ? known.flat : flattenParams(run.params),
  metrics: known?.metrics ?? NO_METRICS,
});

const NO_METRICS: ReadonlyMap<string, number> = new Map();
