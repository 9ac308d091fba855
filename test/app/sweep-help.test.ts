import { expect, test } from "vitest";
import { pathAt } from "@/app/_components/sweep-editor/complete";
import { helpOn, keysAt } from "@/app/_components/sweep-editor/help";
import { parseSweepConfig, SWEEP_KEYS } from "@/core/sweep-config";

const unknownOf = (source: string) =>
  [...parseSweepConfig(source).errors, ...parseSweepConfig(source).warnings].filter(({ code }) =>
    /UNKNOWN|DISTRIBUTION/.test(code),
  );

test("every key of a sweep file has help, and none that is no key", () => {
  expect(
    keysAt([])
      ?.map(({ key }) => key)
      .sort(),
  ).toEqual([...SWEEP_KEYS].sort());
});

test("each method, distribution and stopping rule that is offered is one that the parser knows", () => {
  for (const method of Object.keys(helpOn(["method"])?.words ?? {}))
    expect(unknownOf(`method: ${method}\nparameters: {x: {values: [1, 2]}}\n`), method).toEqual([]);
  const distributions = Object.keys(helpOn(["parameters", "x", "distribution"])?.words ?? {});
  expect(distributions.length).toBeGreaterThan(15);
  for (const word of distributions)
    expect(
      parseSweepConfig(`method: random\nparameters: {x: {distribution: ${word}}}\n`)
        .errors.map(({ message }) => message)
        .join(),
    ).not.toMatch(/no distribution|is unknown/);
  for (const type of Object.keys(helpOn(["early_terminate", "type"])?.words ?? {}))
    expect(
      unknownOf(
        `method: random\nmetric: {name: a}\nearly_terminate: {type: ${type}}\nparameters: {x: {values: [1]}}\n`,
      ),
    ).toEqual([]);
});

test("where a line stands says which keys it may hold", () => {
  const lines = [
    "parameters:",
    "  optimizer:",
    "    parameters:",
    "      lr:",
    "        ",
    "metrics:",
    "  - name: a",
    "    g",
  ];
  expect(pathAt(lines, 4, 8)).toEqual(["parameters", "optimizer", "parameters", "lr"]);
  expect(keysAt(pathAt(lines, 4, 8))?.some(({ key }) => key === "distribution")).toBe(true);
  expect(keysAt(pathAt(lines, 3, 6))).toBeUndefined();
  expect(pathAt(lines, 7, 4)).toEqual(["metrics"]);
  expect(keysAt(pathAt(lines, 7, 4))?.some(({ key }) => key === "goal")).toBe(true);
});
