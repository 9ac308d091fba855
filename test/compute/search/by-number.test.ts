import { expect, test } from "vitest";
import type { SearchEvent } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { parseSweepConfig } from "@/core/sweep-config";

test.each(["grid", "random", "sobol"])(
  "a point of %s that is lost a second time waits its turn, also for a search that was only told",
  (name) => {
    const { config } = parseSweepConfig(`method: ${name}\nparameters: {a: {values: [1, 2, 3, 4, 5]}}\n`);
    if (!config) throw new Error("the test's own sweep file is wrong");
    const method = methodOf(name);
    const problem = { config, seed: "twice" };
    const wrote = method.open(problem);
    const told = method.open(problem);
    const tell = (event: SearchEvent): void => {
      if (event.type !== "proposed") wrote.observe(event);
      told.observe(event);
    };
    const propose = (count: number) => {
      const proposals = wrote.propose(count);
      for (const proposal of proposals) tell({ type: "proposed", ...proposal });
      return proposals.map(({ hash }) => hash);
    };
    const [first, second] = propose(3);
    tell({ type: "lost", number: 0 });
    tell({ type: "lost", number: 1 });
    expect(propose(1)).toEqual([first]);
    tell({ type: "lost", number: 3 });
    const expected = wrote.propose(3);
    expect(told.propose(3)).toEqual(expected);
    expect(expected.map(({ hash }) => hash).slice(0, 2)).toEqual([second, first]);
  },
);
