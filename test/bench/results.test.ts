import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillTables } from "@/bench/search/markdown";
import { CHARTS, PAGE } from "@/bench/search/page";
import { makeCharts } from "@/bench/search/plots";
import { makeTables } from "@/bench/search/report";
import { formatRow, parseRow, RESULTS, type Row, readResults } from "@/bench/search/results";
import { readSavings } from "@/bench/search/savings";

const rows = readResults(RESULTS);
const fileOf = ({ suite, agents, engine, version }: Row): string =>
  [suite, agents, engine, version].join(" ");

describe("the committed results of npm run bench:search", () => {
  test("are finite, within the budget of their suite, and no search is there twice", () => {
    expect(rows.length).toBeGreaterThan(100);
    const keys = rows.map((row) => `${fileOf(row)} ${row.task} ${row.seed}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { play } of rows)
      for (const { at, regret } of play?.byValue ?? []) {
        expect(at).toBeLessThanOrEqual(60);
        expect(regret).toBeGreaterThanOrEqual(-1e-6);
      }
  });

  test("are balanced: an engine begins a seed when it has done the one before on every task that it plays", () => {
    for (const file of new Set(rows.map(fileOf))) {
      const own = rows.filter((row) => fileOf(row) === file);
      const tasks = new Set(own.map(({ task }) => task)).size;
      const last = Math.max(...own.map(({ seed }) => seed));
      for (let seed = 1; seed < last; seed++)
        expect(own.filter((row) => row.seed === seed).length, `${file}, seed ${seed}`).toBe(tasks);
    }
  });

  test("stand in docs/search-quality.md as they are: npm run bench:search writes them there", () => {
    const page = readFileSync(PAGE, "utf8");
    expect(fillTables(page, makeTables(rows, readSavings(RESULTS)))).toBe(page);
  });

  test("are drawn in the plots beside it", () => {
    const charts = makeCharts(rows);
    expect(charts.size).toBeGreaterThan(1);
    for (const [name, chart] of charts) {
      expect(readFileSync(join(CHARTS, name), "utf8") === chart, `${name} is not what the results give`).toBe(
        true,
      );
      expect(chart).not.toMatch(/NaN|undefined/);
      expect(statSync(join(CHARTS, name)).size).toBeLessThan(60_000);
    }
  });
});

test("a row is read back as it was written, to four digits", () => {
  const regret = fc.double({ min: 1e-12, max: 1e6, noNaN: true }).map((each) => Number(each.toPrecision(4)));
  const curve = fc.array(fc.record({ at: fc.integer({ min: 1, max: 60 }), regret }), { maxLength: 9 });
  const play = fc.record({ seconds: regret, unique: regret, byValue: curve, byModel: curve });
  const file = { suite: "A", agents: 8, engine: "bayes", version: "1" };
  fc.assert(
    fc.property(fc.option(play), fc.integer({ min: 1, max: 99 }), (made, seed) => {
      const row: Row = { ...file, task: "branin", seed, play: made };
      expect(parseRow(file, formatRow(row))).toEqual(row);
    }),
  );
});

test.each([
  "",
  "branin",
  "branin\t0\t1\t1\t1:2\t",
  "branin\t1\tx\t1\t1:2\t",
  "branin\t1\t1\t1\t1:x\t",
  "branin\t1\t1\t1\t0:2\t",
  "branin\t1\t1\t1",
])("%j is no row", (line) => {
  expect(parseRow({ suite: "A", agents: 1, engine: "bayes", version: "1" }, line)).toBeUndefined();
});
