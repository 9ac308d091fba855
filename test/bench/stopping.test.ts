import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeSet, SETS } from "@/bench/stopping/measure";
import { savingsColumn } from "@/bench/stopping/table";

const ROOT = join(import.meta.dirname, "../..");

test.each([...SETS])(
  "%s: 150 runs and more, each long enough to be stopped on its way, in a small file",
  (set) => {
    const { runs, epochs } = describeSet(set);
    expect(runs).toBeGreaterThanOrEqual(150);
    expect(epochs).toBeGreaterThanOrEqual(27);
    expect(statSync(join(ROOT, `bench/stopping/${set}.json`)).size).toBeLessThan(300_000);
  },
);

test("docs/early-stopping.md shows what the rules save and lose on these curves", () => {
  const page = readFileSync(join(ROOT, "docs/early-stopping.md"), "utf8");
  const tables = page.split("\n\n").filter((part) => part.startsWith("| rule | `digits`"));
  expect(tables).toHaveLength(2);
  for (const [table, agents] of [8, 1].entries()) {
    const [heading = [], , ...rows] = (tables[table] ?? "")
      .trim()
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()));
    const shown = new Map(rows.map((row) => [row[1]?.replaceAll("`", ""), row[heading.indexOf("`errors`")]]));
    expect(shown.size).toBeGreaterThan(8);
    expect(shown).toEqual(savingsColumn(agents, "errors"));
  }
});
