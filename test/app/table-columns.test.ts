import { describe, expect, test } from "vitest";
import { toConfigJson, toConfigYaml } from "@/app/_lib/config-text";
import { toRunsCsv } from "@/app/_lib/runs-csv";
import type { Row } from "@/app/_live/sweep-store";
import {
  arrangeColumns,
  clickSort,
  moveColumn,
  shiftColumn,
} from "@/app/[entity]/[project]/sweeps/[sweepId]/_components/arrange-columns";
import { flattenParams } from "@/ui/charts/prepare/rows";

const ALL = ["objective", "f.state", "p.lr", "p.seed"].map((id) => ({
  id,
  label: id,
  kind: "field" as const,
  width: 100,
  numeric: true,
  usual: id !== "p.seed",
  toKey: () => undefined,
  cell: () => null,
}));
const shown = (columns: string[], pinned: string[] = []) =>
  arrangeColumns(ALL, { columns, pinned }).map(({ id }) => id);

describe("the columns of the run table", () => {
  test("are the usual ones, or those of the address in their order, the pinned ones first", () => {
    expect(shown([])).toEqual(["objective", "f.state", "p.lr"]);
    expect(shown(["p.seed", "objective"])).toEqual(["p.seed", "objective"]);
    expect(shown([], ["p.lr"])).toEqual(["p.lr", "objective", "f.state"]);
    expect(shown(["gone", "p.lr"], ["p.seed"])).toEqual(["p.lr"]);
  });

  test("land where they are dropped, in either direction, and step past their neighbour", () => {
    expect(moveColumn(["a", "b", "c"], "a", "c")).toEqual(["b", "c", "a"]);
    expect(moveColumn(["a", "b", "c"], "c", "a")).toEqual(["c", "a", "b"]);
    expect(shiftColumn(["a", "b", "c"], "b", 1)).toEqual(["a", "c", "b"]);
    expect(shiftColumn(["a", "b"], "a", -1)).toEqual(["a", "b"]);
  });

  test("sort by a click, and by several with Shift until a third click takes one out", () => {
    const lr = { column: "p.lr", descending: false };
    const metric = { column: "objective", descending: true };
    expect(clickSort([lr], "objective", true, false)).toEqual([metric]);
    expect(clickSort([metric], "objective", true, false)).toEqual([{ ...metric, descending: false }]);
    const both = clickSort([lr], "objective", true, true);
    expect(both).toEqual([lr, metric]);
    const other = clickSort(both, "objective", true, true);
    expect(other).toEqual([lr, { ...metric, descending: false }]);
    expect(clickSort(other, "objective", true, true)).toEqual([lr]);
    expect(clickSort([lr], "p.lr", false, true)).toEqual([{ ...lr, descending: true }]);
  });
});

const PARAMS =
  '{"lr": 1e-05, "epochs": 1.0, "opt": {"name": "adam w", "betas": [0.9, 0.999]}, "id": 9007199254740993}';

test("a run's config is copied with its kinds of numbers, as YAML and as JSON", async () => {
  expect(toConfigJson(PARAMS)).toBe(`{
  "lr": 0.00001,
  "epochs": 1.0,
  "opt": {
    "name": "adam w",
    "betas": [0.9,0.999]
  },
  "id": 9007199254740993
}`);
  expect(await toConfigYaml(PARAMS)).toBe(
    `lr: 0.00001\nepochs: 1.0\nopt:\n  name: "adam w"\n  betas: [0.9, 0.999]\nid: 9007199254740993\n`,
  );
});

test("runs as CSV are one row each with every digit of every number", () => {
  const row = {
    id: "7",
    name: "x7",
    displayName: "sweep, 7",
    ordinal: 7,
    state: "finished",
    stateReason: null,
    objective: 0.1 + 0.2,
    feasible: null,
    params: PARAMS,
    createdAt: "2026-01-01T00:00:00.000Z",
    startedAt: null,
    finishedAt: null,
    tags: ["a", "b"],
    notes: null,
    agent: { id: "1", host: "gpu" },
    flat: flattenParams(PARAMS),
    metrics: new Map([["last.loss", 1 / 3]]),
  } as Row;
  const [head, line, ...rest] = toRunsCsv([row], "loss").trim().split("\r\n");
  expect(head).toBe(
    "run,name,id,number,state,reason,objective (loss),feasible,created,started,finished,agent,tags,notes," +
      "param.epochs,param.id,param.lr,param.opt.betas,param.opt.name,metric.last.loss",
  );
  expect(line).toBe(
    '"sweep, 7",x7,7,7,finished,,0.30000000000000004,,2026-01-01T00:00:00.000Z,,,gpu,"a, b",,' +
      '1,9007199254740993,0.00001,"[0.9, 0.999]",adam w,0.3333333333333333',
  );
  expect(rest).toEqual([]);
});
