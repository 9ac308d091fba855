import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { describeMethod } from "../../contract/method";
import { hashOfTrace } from "../../support/search-trace";

describeMethod({ method: "grid", cases: 40, exhausted: 200 });
describeMethod({ method: "random", cases: 40, exhausted: 200 });
describeMethod({ method: "sobol", cases: 40, exhausted: 200 });
describeMethod({ method: "bayes", cases: 12, exhausted: 24 });
describeMethod({ method: "tpe", cases: 30, exhausted: 100 });
describeMethod({ method: "cmaes", cases: 30, exhausted: 100 });

const METHODS = ["grid", "random", "sobol", "bayes", "tpe", "cmaes"];

describe("the bytes of a search", () => {
  const hashes = METHODS.map((name) => `${name} ${hashOfTrace(name)}`);

  test("are those that they were: a change of them is a new version of the method", () => {
    expect(hashes).toMatchInlineSnapshot(`
      [
        "grid badf68b95028a8ba3ab5704ce28ed2d76b3ee0b8b1450a2847c6276a768ba382",
        "random 9621c3073e9cef9f50b032ea9f4871a3f65ccb660134fcf5b40eb4b8c291b85e",
        "sobol 0b18fe082999892f835f3def4be16f0bec39d9adf48c1e161295109521f74fb6",
        "bayes 94ba29ec9535d711609ee2f1d6248520577afc48bc77cc8709ee5d0fab7fa5e2",
        "tpe 42a9072fa5690dd38d94ae3e8da86212b894f8e1f5a680c9f8d4221548c1434f",
        "cmaes 7a63d9e7ef29cb918e8b222173543fc8911ed5e71a223a8ef5d4becf8fac93bb",
      ]
    `);
  });

  test("are the same in another process", { timeout: 120_000 }, () => {
    const program = ["--import", "tsx", "test/support/search-trace.ts", ...METHODS];
    const told = execFileSync(process.execPath, program, { encoding: "utf8" });
    expect(told.trim().split("\n")).toEqual(hashes);
  });
});
