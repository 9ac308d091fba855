import type { AgentLine, RunLine, SweepHead } from "@/graphql/operations/pages";
import { MOST_COLUMNS, usualDemand } from "./demand";
import type { LiveStatus } from "./live-status";
import { type ReadRow, type Row, toRow, withValues } from "./rows";

export type { Row } from "./rows";

export interface SweepData {
  readonly head: SweepHead;
  /** In the order they came. */
  readonly rows: ReadonlyMap<string, Row>;
  /** All runs are in `rows`. */
  readonly complete: boolean;
  /** By `toMetricKey`: the metrics that were read of all runs, whether or not any logged them. */
  readonly metricKeys: readonly string[];
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
  /** @param keys what their metrics, or their `values`, are of */
  addRead(rows: readonly ReadRow[], keys: readonly string[]): void;
  /** @param keys what the `values` of each run are of */
  applyChange(change: Change, keys: readonly string[]): void;
  /** What the user has just done to runs, ahead of the server's word. @returns what takes it back where nothing newer has come */
  patchRuns(patches: ReadonlyMap<string, RunPatch>): () => void;
  /** Of these metrics, and with the first of them of the runs themselves, all have been read: shown at once. */
  setComplete(keys: readonly string[]): void;
  /** The columns that the page is to have, by `toMetricKey`. */
  demanded(): readonly string[];
  /** Parts of the page need these too. */
  demand(keys: readonly string[]): void;
  /** Called when more is demanded, until the returned function is. */
  onDemand(listener: () => void): () => void;
}

export type RunPatch = Partial<Pick<RunLine, "tags" | "notes">>;

export interface Change {
  readonly runs: readonly (RunLine & { readonly values: readonly (number | null)[] })[];
  readonly removed: readonly string[];
}

/** It is gone: whatever is read of it is old. */
const REMOVED = "removed";

export function createSweepStore(head: SweepHead, runs: readonly RunLine[], complete: boolean): SweepStore {
  const initial: SweepData = {
    head,
    rows: new Map(runs.map((run) => [run.id, toRow(run)])),
    complete,
    metricKeys: [],
    status: "connecting",
  };
  let shown = initial;
  let next = initial;
  /** Of rows that came live the metrics that came with them, or that they are gone. */
  const live = new Map<string, readonly string[] | typeof REMOVED>();
  let usual = usualDemand(head);
  let asked: readonly string[] = [];
  const demandListeners = new Set<() => void>();
  const demanded = () => [...new Set([...usual, ...asked])].slice(-MOST_COLUMNS);
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
      const named = usualDemand(changed);
      if (named.some((key) => !usual.includes(key))) {
        usual = [...new Set([...usual, ...named])];
        for (const listener of demandListeners) listener();
      }
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
    addRead(read, keys) {
      const rows = ownRows();
      for (const row of read) {
        const told = live.get(row.id);
        if (told === REMOVED) continue;
        const known = rows.get(row.id);
        if (told === undefined && !("values" in row)) rows.set(row.id, row);
        else if (known) {
          const values = "values" in row ? row.values : keys.map((key) => row.metrics.get(key) ?? null);
          const metrics = withValues(known.metrics, without({ keys, values }, told ?? []));
          if (metrics !== known.metrics) rows.set(row.id, { ...known, metrics });
        }
      }
      later({ ...next, rows });
    },
    applyChange({ runs: changed, removed }, keys) {
      if (changed.length === 0 && removed.length === 0) return;
      const rows = ownRows();
      for (const { values, ...run } of changed) {
        live.set(run.id, keys);
        rows.set(run.id, toRow(run, rows.get(run.id), { keys, values }));
      }
      for (const id of removed) {
        live.set(id, REMOVED);
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
    setComplete(keys) {
      next = { ...next, complete: true, metricKeys: [...new Set([...next.metricKeys, ...keys])] };
      flush();
    },
    demanded,
    demand(keys) {
      const known = new Set([...usual, ...asked]);
      const more = keys.filter((key) => !known.has(key));
      if (more.length === 0) return;
      asked = [...asked, ...more].slice(-MOST_COLUMNS);
      for (const listener of demandListeners) listener();
    },
    onDemand(listener) {
      demandListeners.add(listener);
      return () => demandListeners.delete(listener);
    },
  };
}

interface Columns {
  readonly keys: readonly string[];
  readonly values: readonly (number | null)[];
}

/** What came live is newer. */
function without({ keys, values }: Columns, told: readonly string[]): Columns {
  const left = [...keys.keys()].filter((i) => !told.includes(keys[i] ?? ""));
  return { keys: left.map((i) => keys[i] ?? ""), values: left.map((i) => values[i] ?? null) };
}
