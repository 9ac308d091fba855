import fc from "fast-check";
import { expect, test } from "vitest";
import { endOfOutput } from "@/app/_lib/output-end";
import type { OutputPage } from "@/graphql/operations/run-page";

const outputOf = (texts: readonly string[], hasPreviousPage = false): OutputPage => ({
  nodes: texts.map((text, time) => ({ attempt: 1, stream: "stdout", time, text })),
  pageInfo: { hasPreviousPage, startCursor: null, endCursor: null },
});
const textOf = ({ nodes }: OutputPage) => nodes.map(({ text }) => text).join("");

test("what is short enough stays as it was", () => {
  const output = outputOf(["one\n", "two\n"]);
  expect(endOfOutput(output, 8)).toEqual(output);
});

test("what is longer begins with a whole line and says that there was more", () => {
  const output = endOfOutput(outputOf(["one\ntwo\nthree\n", "four\n"]), 13);
  expect(textOf(output)).toBe("three\nfour\n");
  expect(output.pageInfo.hasPreviousPage).toBe(true);
  expect(textOf(endOfOutput(outputOf(["one\ntwo\n"]), 4))).toBe("two\n");
});

test("a line that alone is too long is cut", () => {
  expect(textOf(endOfOutput(outputOf([`${"x".repeat(50)}\n`]), 10))).toBe(`${"x".repeat(9)}\n`);
});

test("it is always the end of the text, within its bound", () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 20 }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(texts, fc.nat(80), (given, room) => {
      const end = textOf(endOfOutput(outputOf(given), room));
      const whole = given.join("");
      expect(whole.endsWith(end)).toBe(true);
      expect(end.length).toBeLessThanOrEqual(room);
      if (whole.length <= room) expect(end).toBe(whole);
    }),
  );
});
