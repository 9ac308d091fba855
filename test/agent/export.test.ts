import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { expect, test } from "vitest";
import { toParquet } from "@/agent/export/parquet";
import { toJson } from "@/agent/export/text";
import type { ExportedRun } from "@/graphql/operations";

const run = (name: string, params: string, more: Partial<ExportedRun> = {}): ExportedRun => ({
  id: "1",
  name,
  displayName: `${name}-sweep`,
  ordinal: 1,
  state: "finished",
  stateReason: null,
  stateDetail: null,
  params,
  objective: 0.5,
  exitCode: 0,
  attempt: 1,
  createdAt: "2026-01-01T00:00:00.250Z",
  startedAt: "2026-01-01T00:00:01Z",
  finishedAt: null,
  summary: [{ name: "loss", count: 2, last: 0.25, min: 0.25, max: 1 }],
  ...more,
});
const RUNS = [
  run(
    "a",
    '{"n": 3, "lr": 1.0, "seed": 9007199254740993, "on": true, "net": {"layers": [64, 32]}, "mixed": 1, "opt": "adam"}',
  ),
  run(
    "b",
    '{"n": 4, "lr": 0.1, "seed": 1, "on": false, "net": {"layers": [8]}, "mixed": "x", "opt": "sgd, 2"}',
    {
      objective: null,
      exitCode: null,
      summary: [],
    },
  ),
  run("c", "{}", { finishedAt: "2026-01-01T00:01:00Z" }),
];

test("a Parquet file has a typed column a fact, parameter and metric, and gives the values back", async () => {
  const bytes = toParquet(RUNS);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const types = Object.fromEntries(
    parquetSchema(parquetMetadata(file)).children.map(({ element }) => [
      element.name,
      element.converted_type ?? element.type,
    ]),
  );
  expect(types).toMatchObject({
    name: "UTF8",
    objective: "DOUBLE",
    "param.n": "INT64",
    "param.lr": "DOUBLE",
    "param.seed": "INT64",
    "param.on": "BOOLEAN",
    "param.net.layers": "UTF8",
    "param.mixed": "UTF8",
    "param.opt": "UTF8",
    "metric.loss": "DOUBLE",
  });
  const rows = await parquetReadObjects({ file });
  expect(rows).toMatchObject([
    {
      name: "a",
      createdAt: new Date("2026-01-01T00:00:00.250Z"),
      finishedAt: null,
      objective: 0.5,
      "param.n": 3n,
      "param.lr": 1,
      "param.seed": 9007199254740993n,
      "param.on": true,
      "param.net.layers": "[64,32]",
      "param.mixed": "1",
      "metric.loss": 0.25,
    },
    {
      name: "b",
      objective: null,
      exitCode: null,
      "param.mixed": '"x"',
      "param.opt": "sgd, 2",
      "metric.loss": null,
    },
    { name: "c", finishedAt: new Date("2026-01-01T00:01:00Z"), "param.n": null, "param.on": null },
  ]);
});

test("no runs are an empty table and an empty list", async () => {
  const bytes = toParquet([]);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  expect(await parquetReadObjects({ file })).toEqual([]);
  expect(toJson([])).toEqual(["[]"]);
});

test("json is one array, in which 1.0 stays 1.0 and a long integer keeps its digits", () => {
  const text = toJson(RUNS).join("\n");
  expect(text).toContain('"lr": 1.0, "seed": 9007199254740993');
  expect(JSON.parse(text)).toMatchObject([{ name: "a", params: { n: 3 } }, { name: "b" }, { name: "c" }]);
});
