import fc from "fast-check";
import { expect, test } from "vitest";
import { readFacts } from "@/app/_lib/facts";

test("facts are read as far as they are there", () => {
  const read = readFacts({
    argv: ["python", "train.py"],
    host: "node1",
    cpu: { model: "EPYC", count: 1 },
    memoryBytes: 2 ** 34,
    packages: { torch: "2.5.1", Numpy: "2.1.0" },
    git: { commit: "abc", dirty: true, diffBytes: 10 },
    gpus: [{ index: 1, name: "A100", memoryBytes: 80 * 2 ** 30 }, {}],
  });
  expect(read).toEqual({
    argv: ["python", "train.py"],
    lines: [
      ["Machine", "node1"],
      ["CPU", "EPYC, 1 core"],
      ["Memory", "16\u00a0GiB"],
    ],
    git: { commit: "abc", branch: undefined, remote: undefined, dirty: true, diffBytes: 10, diffCut: false },
    gpus: ["1: A100, 80\u00a0GiB"],
    packages: [
      ["Numpy", "2.1.0"],
      ["torch", "2.5.1"],
    ],
  });
});

test("whoever wrote them may have written anything", () => {
  const keys = ["argv", "cwd", "cpu", "git", "gpus", "packages", "memoryBytes", "python"];
  const facts = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...keys), fc.jsonValue() as fc.Arbitrary<unknown>),
  );
  fc.assert(
    fc.property(facts, (value) => {
      const { lines, packages, argv = [] } = readFacts(value);
      expect([...lines, ...packages].flat().every((text) => typeof text === "string")).toBe(true);
      expect(argv.every((word) => typeof word === "string")).toBe(true);
    }),
  );
});
