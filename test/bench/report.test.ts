import { describe, expect, test } from "vitest";
import { fillTables } from "@/bench/search/markdown";
import { makeCharts } from "@/bench/search/plots";
import { makeTables } from "@/bench/search/report";
import type { Row } from "@/bench/search/results";
import { measureFromBest, pairsOf } from "@/bench/search/selection";

const row = (suite: string, engine: string, task: string, seed: number, ...regrets: number[]): Row => ({
  suite,
  agents: 1,
  engine,
  version: "1",
  task,
  seed,
  play: {
    byValue: regrets.map((regret, i) => ({ at: i + 1, regret })),
    byModel: [],
    unique: 1,
    seconds: 0.002,
  },
});
const cellsOf = (table: string | undefined, label: string): string[] =>
  (table ?? "")
    .split("\n")
    .find((line) => line.startsWith(`| ${label} 1 |`))
    ?.split(" | ")
    .map((cell) => cell.replace(/^\| | \|$/g, "")) ?? [];

test("functions: medians over seeds, and their geometric mean as a multiple of random search's", () => {
  const rows = [1, 2, 3].flatMap((seed) => [
    row("A", "random", "branin", seed, 8, 2 * seed),
    row("A", "random", "levy4", seed, 8, 1),
    row("A", "bayes", "branin", seed, 1, 0.01 * seed),
    row("A", "bayes", "levy4", seed, 1, 0.02),
  ]);
  const tables = makeTables(rows, []);
  expect(cellsOf(tables.get("A.1"), "**Besom bayes**").slice(0, 5)).toEqual([
    "**Besom bayes** 1",
    "3",
    "0.02",
    "0.02",
    "0.01",
  ]);
  expect(cellsOf(tables.get("A.1"), "random")[5]).toMatch(/^1 \(/);
  expect(tables.get("behind")).toBe("Nowhere, on these tasks and seeds.");
});

describe("what is missing is said, and never left out of a mean in silence", () => {
  const both = (engine: string, seed: number, regret: number): Row[] => [
    row("A", engine, "branin", seed, regret),
    row("A", engine, "levy4", seed, regret),
  ];
  const gaveUp = (suite: string, task: string, seed: number): Row => ({
    ...row(suite, "hebo", task, seed),
    play: null,
  });

  test("a seed that some task has no result of yet counts in no table of means, and is told", () => {
    const rows = [...both("random", 1, 5), ...both("hebo", 1, 3), row("A", "hebo", "branin", 2, 1000)];
    const cells = cellsOf(makeTables(rows, []).get("A.1"), "HEBO");
    expect(cells.slice(1, 6)).toEqual(["1, and 1 of 2 searches more", "3", "3", "0.6", "0.6"]);
  });

  test("where every search of a task was given up there is no mean over the others", () => {
    const rows = [...both("random", 1, 5), row("A", "hebo", "branin", 1, 3), gaveUp("A", "levy4", 1)];
    const cells = cellsOf(makeTables(rows, []).get("A.1"), "HEBO");
    expect(cells.slice(1, 6)).toEqual(["1, 1 of 2 given up", "3", "", "", ""]);

    const shares = ["x", "y"].flatMap((task) => [row("B", "random", task, 1, 0.5)]);
    const given = [...shares, row("B", "hebo", "x", 1, 0.1), gaveUp("B", "y", 1)];
    expect(cellsOf(makeTables(given, []).get("B.1"), "HEBO").slice(1, 5)).toEqual([
      "1, 1 of 2 given up",
      "",
      "",
      "",
    ]);
    expect(makeCharts(given).get("B-1.svg")).not.toContain("HEBO");
  });

  test("an engine that gave everything up has its rows and no numbers", () => {
    const tables = makeTables(
      [...both("random", 1, 5), gaveUp("A", "branin", 1), gaveUp("A", "levy4", 1)],
      [],
    );
    expect(cellsOf(tables.get("A.1"), "HEBO").slice(1)).toEqual(["1, 2 of 2 given up", "", "", "", "", ""]);
    expect(tables.get("coverage")).toContain("| HEBO | 1, 2 of 2 given up |");
  });

  test("ratios are over what both have done, with how many searches and tasks that is", () => {
    const rows = [
      ...[1, 2].flatMap((seed) => [...both("random", seed, 5), ...both("bayes", seed, 1)]),
      row("A", "hebo", "branin", 1, 4),
      gaveUp("A", "levy4", 1),
      row("A", "hebo", "branin", 2, 1),
      ...both("smac", 1, 10),
    ];
    const tables = makeTables(rows, []);
    expect(tables.get("ratios")).toContain("| A | 1 |  | 0.5 (2 on 1 of 2 tasks, 1 more given up) |");
    expect(tables.get("yardstick")).toContain("| A | 1 | 0.2 (0.2 to 0.2; 4) |");
  });

  test("nobody is ahead by some of the tasks, or by one or two searches", () => {
    const rows = [
      ...[1, 2].flatMap((seed) => [...both("random", seed, 5), ...both("bayes", seed, 1)]),
      ...[1, 2, 3].map((seed) => row("A", "hebo", "branin", seed, 2)),
      ...both("smac", 1, 10),
    ];
    expect(makeTables(rows, []).get("verdicts")).toContain(
      "| A | 1 | random 0.2 | HEBO 0.5 on 1 of 2 tasks, SMAC3 0.1 (1 seed) |  |",
    );
  });

  test("an interval over seeds alone is that of the tasks at hand, and there is none of one seed", () => {
    const rows = [1, 2].flatMap((seed) => [
      row("A", "random", "branin", seed, 10),
      row("A", "random", "levy4", seed, 10),
      row("A", "bayes", "branin", seed, 1),
      row("A", "bayes", "levy4", seed, 4),
      ...(seed === 1 ? both("smac", seed, 10) : []),
    ]);
    const tables = makeTables(rows, []);
    // seeds agree and tasks don't
    expect(tables.get("ratios")).toContain("0.2 (0.1 to 0.4; 4)");
    expect(tables.get("seeds")).toContain("0.2 (0.2 to 0.2; 2) |");
    expect(
      tables
        .get("seeds")
        ?.split("\n")
        .at(-1)
        ?.split("|")
        .filter((cell) => cell.trim() !== ""),
    ).toHaveLength(3);
  });

  test("a regret of 0 on every task is ahead of any other, and on both sides it is a draw", () => {
    const rows = [1, 2, 3].flatMap((seed) => [
      row("B", "bayes", "x", seed, 0.5),
      row("B", "hebo", "x", seed, 0),
      row("B", "bayes", "x", seed + 3, 0),
      row("B", "smac", "x", seed + 3, 0),
    ]);
    expect(makeTables(rows, []).get("verdicts")).toContain("| B | 1 |  | SMAC3 1 | HEBO Infinity |");
  });
});

describe("losses without a scale of their own", () => {
  const flat = (...losses: number[]): Row => row("E", "random", "digits", 1, ...losses);
  const sharesOf = (rows: readonly Row[]): (number | undefined)[] =>
    measureFromBest(rows).map(({ play }) => play?.byValue.at(-1)?.regret);

  test("where random search is at the best after ten runs they are measured on the way there", () => {
    const ties = [flat(0.5, 0.25), row("E", "bayes", "digits", 1, 0.3)];
    expect(sharesOf(ties)).toEqual([0, expect.closeTo(0.2, 12)]);
  });

  test("where all are equal each is 0, and plots are drawn still", () => {
    const equal = [flat(0.25), row("E", "bayes", "digits", 1, 0.25)];
    expect(sharesOf(equal)).toEqual([0, 0]);
    expect(makeCharts(equal).get("E-1.svg")).not.toMatch(/NaN|Infinity/);
    expect(makeTables(equal, []).get("ratios")).toContain("| E | 1 |  |  |  |  |  | 1 (1) |");
  });

  test("where random search has not begun, or gave up, there is nothing to measure by", () => {
    const others = [row("E", "bayes", "digits", 1, 0.25), { ...flat(), play: null }];
    expect(measureFromBest(others)).toEqual([{ ...flat(), play: null }]);
  });
});

test("where others are ahead is said: of a suite, and on each task with who is best there", () => {
  const rows = ["x", "y"].flatMap((task) => [
    row("B", "bayes", task, 1, 0.2),
    row("B", "optuna-gp", task, 1, task === "x" ? 0.1 : 0.25),
    row("B", "wandb", task, 1, task === "x" ? 0.05 : 0.3),
  ]);
  const behind = makeTables(rows, []).get("behind");
  expect(behind).toContain(
    "after 60 runs: Optuna GPSampler is ahead of us, our regret is 1.1 times theirs (",
  );
  expect(behind).toContain("single tasks: x (W&B bayes 0.05, we 0.2).");
});

test("pairs are of equal tasks and seeds", () => {
  const ours = [row("B", "bayes", "x", 1, 1), row("B", "bayes", "x", 2, 2), row("B", "bayes", "y", 1, 3)];
  const theirs = [row("B", "wandb", "x", 2, 4), row("B", "wandb", "y", 1, 5), row("B", "wandb", "y", 3, 6)];
  expect(pairsOf(ours, theirs, 60)).toEqual([[{ ours: 2, theirs: 4 }], [{ ours: 3, theirs: 5 }]]);
});

test("a page keeps its words and gets its tables; a table without results says so", () => {
  const page = "one\n<!-- table a -->\nold\n<!-- end -->\ntwo\n<!-- table b -->\n<!-- end -->\n";
  expect(fillTables(page, new Map([["a", "new"]]))).toBe(
    "one\n<!-- table a -->\nnew\n<!-- end -->\ntwo\n<!-- table b -->\nNo results yet.\n<!-- end -->\n",
  );
});

test("a plot names each engine at the end of its line, and escapes what XML must", () => {
  const rows = ["x", "y"].flatMap((task) => [
    row("B", "wandb", task, 1, 0.5, 0.4, 0.3, 0.2, 0.1),
    row("B", "sobol", task, 1, 0.5, 0.4, 0.3, 0.2, 0.1),
  ]);
  const chart = makeCharts(rows).get("B-1.svg") ?? "";
  expect(chart).toContain(">W&amp;B bayes</text>");
  expect(chart).not.toContain("sobol");
  expect(chart.match(/<polyline/g)).toHaveLength(1);
});
