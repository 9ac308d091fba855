import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { demandOf, usualDemand } from "@/app/_live/demand";
import { readRows } from "@/app/_live/rows";
import { createSweepStore, SETTLE_MS } from "@/app/_live/sweep-store";
import { packLines } from "@/core/run-columns";
import { legalActions, type SweepState } from "@/core/sweep";
import type { RunLine, SweepHead } from "@/graphql/operations/pages";

// The rule is about time, so time is the test's.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const toHead = (state: SweepState, total = 0): SweepHead => ({
  id: "abcdefgh",
  name: "digits",
  url: "http://localhost:3000/ada/digits/sweeps/abcdefgh",
  path: "ada/digits/abcdefgh",
  state,
  stateReason: null,
  method: "grid",
  generation: 1,
  metric: null,
  runCap: null,
  size: "100",
  exhausted: false,
  constrained: false,
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  finishedAt: null,
  counts: {
    total,
    pending: 0,
    running: 0,
    finished: total,
    failed: 0,
    crashed: 0,
    killed: 0,
    preempting: 0,
    preempted: 0,
  },
  bestRun: null,
  metrics: [],
  metricNames: { names: [], more: false },
  front: null,
  bestByModel: null,
  bestSoFar: [],
  agents: [],
  machines: [],
  agentCommand: "npx besom agent ada/digits/abcdefgh",
  workerCommand: "npx --yes http://localhost:3000/besom-agent.tgz#0.1.0 agent ada/digits/abcdefgh",
  allowedActions: legalActions(state),
  viewerCanEdit: true,
});

function openStore(state: SweepState) {
  const store = createSweepStore(toHead(state), [], true);
  return {
    hear: (told: SweepState, total?: number) => store.setHead(toHead(told, total)),
    answer: (told: SweepState) => store.answerControl(toHead(told)),
    /** What the page shows after `ms`. */
    shown: (ms = 1_000) => {
      vi.advanceTimersByTime(ms);
      const { state, allowedActions, counts } = store.data().head;
      expect(allowedActions).toEqual(legalActions(state));
      return { state, total: counts.total };
    },
  };
}

describe("a head that was read before the click and arrives after its answer", () => {
  test("does not take the answer back, but its other facts are shown", () => {
    const { hear, answer, shown } = openStore("running");
    answer("paused");
    hear("running", 7);
    expect(shown()).toEqual({ state: "paused", total: 7 });
    hear("paused", 8);
    expect(shown(SETTLE_MS * 2)).toEqual({ state: "paused", total: 8 });
  });

  test("counts when nothing newer follows: somebody else has undone the click", () => {
    const { hear, answer, shown } = openStore("running");
    answer("paused");
    hear("running", 7);
    expect(shown(SETTLE_MS + 1_000)).toEqual({ state: "running", total: 7 });
  });
});

test("an answer without any head after it stays", () => {
  const { answer, shown } = openStore("running");
  answer("paused");
  expect(shown(SETTLE_MS * 2)).toEqual({ state: "paused", total: 0 });
});

test("a third state is news at once: the sweep ended meanwhile", () => {
  const { hear, answer, shown } = openStore("paused");
  answer("running");
  hear("finished", 100);
  expect(shown()).toEqual({ state: "finished", total: 100 });
});

test("a second click settles by itself", () => {
  const { hear, answer, shown } = openStore("running");
  answer("paused");
  answer("running");
  hear("paused");
  expect(shown().state).toBe("running");
  hear("running");
  expect(shown(SETTLE_MS * 2).state).toBe("running");
});

test("when the subscription is faster than the answer, later heads count at once", () => {
  const { hear, answer, shown } = openStore("running");
  hear("paused");
  answer("paused");
  hear("running");
  expect(shown().state).toBe("running");
});

// ------------------------------------------------------------------ runs and their metrics

const toLine = (id: number, params = '{"lr": 0.1}'): RunLine => ({
  id: String(id),
  name: `run${id}`,
  displayName: `digits-${id}`,
  ordinal: id,
  state: "running",
  stateReason: null,
  objective: null,
  feasible: null,
  params,
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: "2026-01-01T00:00:01.500Z",
  finishedAt: null,
  tags: id === 2 ? ["odd"] : [],
  notes: id === 3 ? "look" : null,
  agent: id === 1 ? null : { id: "7", host: "gpu box" },
});

/** As the server packs them, newest first. */
function pack(lines: readonly RunLine[], values: readonly (readonly (number | null)[])[]) {
  const packed = packLines(
    lines.map((line) => ({
      ...line,
      id: Number(line.id),
      ordinal: line.ordinal ?? 0,
      createdAt: Date.parse(line.createdAt),
      startedAt: line.startedAt === null ? null : Date.parse(line.startedAt),
      finishedAt: line.finishedAt === null ? null : Date.parse(line.finishedAt),
      tags: line.tags.length === 0 ? null : JSON.stringify(line.tags),
      agentId: line.agent === null ? null : Number(line.agent.id),
      host: line.agent?.host ?? null,
    })),
  );
  return { count: lines.length, id: lines.map(({ id }) => Number(id)), lines: packed, values, next: null };
}

const openRows = () => {
  const store = createSweepStore(
    { ...toHead("running"), metricNames: { names: ["loss"], more: false } },
    [],
    true,
  );
  const read = (columns: Parameters<typeof readRows>[0], keys: readonly string[]) => {
    store.addRead([...readRows(columns, keys, (id) => store.data().rows.get(id))].flat(), keys);
    store.setComplete(keys);
  };
  const metric = (id: number, key: string) => {
    vi.advanceTimersByTime(1_000);
    return store.data().rows.get(String(id))?.metrics.get(key);
  };
  return { store, read, metric };
};

test("runs that travelled in columns are the runs that were packed", () => {
  const lines = [3, 2, 1].map((id) => toLine(id, `{"lr": ${id}.0}`));
  const rows = [...readRows(pack(lines, [[0.3, null, 0.1]]), ["last.loss"], () => undefined)].flat();
  expect(rows.map((row) => ({ ...row, flat: undefined, metrics: undefined }))).toEqual(
    lines.map((line) => ({ ...line, flat: undefined, metrics: undefined })),
  );
  expect(rows.map((row) => ("metrics" in row ? row.metrics.get("last.loss") : 0))).toEqual([
    0.3,
    undefined,
    0.1,
  ]);
});

test("what came live is newer than what was read of it, run by run and metric by metric", () => {
  const { store, read, metric } = openRows();
  store.applyChange({ runs: [{ ...toLine(2), state: "finished", values: [9] }], removed: ["1"] }, [
    "last.loss",
  ]);
  read(
    pack(
      [3, 2, 1].map((id) => toLine(id)),
      [[0.3, 0.2, 0.1]],
    ),
    ["last.loss"],
  );
  expect(metric(2, "last.loss")).toBe(9);
  expect(metric(3, "last.loss")).toBe(0.3);
  expect([...store.data().rows.keys()].sort()).toEqual(["2", "3"]);
  expect(store.data().rows.get("2")?.state).toBe("finished");

  // A further column: run 2 came live without it, run 3 with it.
  store.applyChange({ runs: [{ ...toLine(3), values: [0.4, 33] }], removed: [] }, ["last.loss", "min.acc"]);
  read({ count: 3, id: [3, 2, 1], values: [[30, 20, 10]], next: null }, ["min.acc"]);
  expect(metric(3, "min.acc")).toBe(33);
  expect(metric(2, "min.acc")).toBe(20);
  expect(metric(2, "last.loss")).toBe(9);
  expect(store.data().metricKeys).toEqual(["last.loss", "min.acc"]);
});

test("a run that begins anew loses the values it had", () => {
  const { store, read, metric } = openRows();
  read(pack([toLine(1)], [[0.5]]), ["last.loss"]);
  expect(metric(1, "last.loss")).toBe(0.5);
  store.applyChange({ runs: [{ ...toLine(1), values: [null] }], removed: [] }, ["last.loss"]);
  expect(metric(1, "last.loss")).toBe(undefined);
});

test("a deleted run comes back when it comes live, and not when it is read", () => {
  const { store, read } = openRows();
  store.applyChange({ runs: [], removed: ["1"] }, []);
  read(pack([toLine(1)], []), []);
  expect(store.data().rows.has("1")).toBe(false);
  store.applyChange({ runs: [{ ...toLine(1), values: [] }], removed: [] }, []);
  vi.advanceTimersByTime(1_000);
  expect(store.data().rows.has("1")).toBe(true);
});

test("a page has the last values of what its runs log, as many as its runs allow, and what its parts and its address ask for", () => {
  const { store } = openRows();
  const heard = vi.fn();
  store.onDemand(heard);
  expect(store.demanded()).toEqual(["last.loss"]);
  store.demand(["last.loss"]);
  expect(heard).not.toHaveBeenCalled();
  store.demand(["min.loss", "last.b"]);
  store.setHead({ ...toHead("running", 3), metricNames: { names: ["acc", "loss"], more: false } });
  expect(heard).toHaveBeenCalledTimes(2);
  expect(store.demanded()).toEqual(["last.loss", "last.acc", "min.loss", "last.b"]);

  const names = Array.from({ length: 24 }, (_, i) => `m${String(i).padStart(2, "0")}`);
  const metric = { name: "m09", goal: "minimize", target: null } as const;
  const many = (total: number) =>
    usualDemand({ ...toHead("running", total), metrics: [metric], metricNames: { names, more: true } });
  expect(many(100)).toHaveLength(24);
  expect(many(10_000)).toEqual(["m09", "m00", "m01", "m02"].map((name) => `last.${name}`));

  const address = new URLSearchParams({
    "b.m.max.acc": "0.5..1",
    sort: "-m.min.val/loss",
    "x.axis": "m.mean.time",
    cols: "p.lr,m.count.a%2Cb,objective",
    q: "last(train/loss)<3 -max(f1)>0.5 lr<1",
  });
  expect(demandOf(String(address)).sort()).toEqual(
    ["max.acc", "min.val/loss", "mean.time", "count.a,b", "last.train/loss", "max.f1"].sort(),
  );
});
