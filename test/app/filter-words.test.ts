import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toFilterStep } from "@/app/_lib/build-filter";
import { completeQuery } from "@/app/_lib/complete-query";
import { readRunQuery, splitRunQuery, writeComparison } from "@/core/run-query";

const WORDS = {
  parameters: [
    { name: "lr", values: [] },
    { name: "optimizer.name", values: ["adam", '"adam w"', "sgd"] },
    { name: "odd name", values: [] },
  ],
  metrics: ["accuracy", "val/loss"],
  tags: ["baseline", "broken one"],
  hosts: ["gpu-box-1"],
};
const offered = (draft: string) => completeQuery(draft, WORDS).map(({ text }) => text);

describe("while one types a filter", () => {
  test("names of parameters, metrics and labels are offered, those that begin so first", () => {
    expect(offered("l")).toEqual(["lr<", "last(accuracy)>", "last(val/loss)>"]);
    expect(offered("la")).toEqual(["last(accuracy)>", "last(val/loss)>"]);
    expect(offered("name")).toEqual(["optimizer.name="]);
    expect(offered("sta")).toEqual(["state:"]);
    expect(offered("-ta")).toEqual(["-tag:", "-state:"]);
  });

  test("what a label or a category can be is offered whole, in quotes where it has blanks", () => {
    expect(offered("state:f")).toEqual(["state:finished", "state:failed"]);
    expect(offered("state:failed,cr")).toEqual(["state:failed,crashed"]);
    expect(offered("tag:br")).toEqual(['tag:"broken one"']);
    expect(offered("optimizer.name=ad")).toEqual(["optimizer.name=adam", 'optimizer.name="adam w"']);
    expect(offered("lr<0")).toEqual([]);
  });

  test("whatever is offered as a whole condition can be read", () => {
    for (const draft of ["state:", "tag:", "host:", "optimizer.name=", "-tag:"])
      for (const { text, whole } of completeQuery(draft, WORDS)) {
        expect(whole).toBe(true);
        expect(readRunQuery(text).filter, text).toBeDefined();
      }
  });
});

describe("a condition that was put together", () => {
  test.each([
    [
      { subject: "state", operator: "one of", values: ["failed", "crashed"] },
      { terms: ["state:failed,crashed"] },
    ],
    [{ subject: "tags", operator: "none of", values: ["a b"] }, { terms: ['-tag:"a b"'] }],
    [{ subject: "p.lr", operator: "less than", values: [0.01] }, { terms: ["lr<0.01"] }],
    [{ subject: "p.opt", operator: "one of", values: ["adam w"] }, { terms: ['opt="adam w"'] }],
    [{ subject: "p.opt", operator: "one of", values: ["1"] }, { terms: ['opt="1"'] }],
    [{ subject: "p.opt", operator: "none of", values: ["a", true] }, { terms: ["opt!=a", "opt!=true"] }],
    [{ subject: "m.max.accuracy", operator: "at least", values: [0.9] }, { terms: ["max(accuracy)>=0.9"] }],
    [
      { subject: "p.opt", operator: "one of", values: ["a", "b"] },
      { id: "p.opt", brush: { values: ["a", "b"] } },
    ],
    [
      { subject: "p.lr", operator: "between", values: [1, 0.1] },
      { id: "p.lr", brush: { ranges: [[0.1, 1]] } },
    ],
    [
      { subject: "objective", operator: "at least", values: [0.5] },
      { id: "objective", brush: { ranges: [[0.5, Number.POSITIVE_INFINITY]] } },
    ],
    [
      { subject: "p.odd name", operator: "at most", values: [3] },
      { id: "p.odd name", brush: { ranges: [[Number.NEGATIVE_INFINITY, 3]] } },
    ],
    [{ subject: "p.odd name", operator: "less than", values: [3] }, undefined],
  ] as const)("%j", (built, step) => {
    expect(toFilterStep(built)).toEqual(step);
  });

  test("a comparison that is written is one word that reads back as the same, or none", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "1", " ", '"', "<", "=", "-", ".", "(", "n"),
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        text,
        fc.constantFrom("<", ">=", "=", "!="),
        fc.oneof(text, fc.double(), fc.boolean()),
        (param, sign, value) => {
          const term = writeComparison({ param }, sign, value);
          if (term === undefined) return;
          expect(splitRunQuery(term)).toEqual([term]);
          expect(readRunQuery(term).filter).toMatchObject({ param, value });
        },
      ),
    );
  });
});
