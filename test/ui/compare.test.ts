import { expect, test } from "vitest";
import { compareRuns } from "@/ui/charts/prepare/compare";

const number = (value: number) => ({ text: String(value), number: value });

test("rows that differ come first, and alone when only they are asked for", () => {
  const attributes = [
    { section: "Parameters", name: "epochs", values: [number(3), number(3)] },
    { section: "Parameters", name: "lr", values: [number(0.1), number(0.3)] },
    { section: "Parameters", name: "momentum", values: [number(0.9), undefined] },
    { section: "Run", name: "State", values: [{ text: "finished" }, { text: "finished" }] },
  ];
  const names = (onlyDifferences: boolean) =>
    compareRuns(attributes, { onlyDifferences }).map(({ rows, alike }) => [
      rows.map(({ name }) => name),
      alike,
    ]);
  expect(names(false)).toEqual([
    [["lr", "momentum", "epochs"], 1],
    [["State"], 1],
  ]);
  expect(names(true)).toEqual([
    [["lr", "momentum"], 1],
    [[], 1],
  ]);
});

test("two texts that are cut alike still differ by what they are in full", () => {
  const value = (title: string) => ({ text: "0.1", title });
  const [section] = compareRuns(
    [{ section: "a", name: "b", values: [value("0.1"), value("0.10000001")] }],
    {},
  );
  expect(section?.rows[0]?.differs).toBe(true);
});

test("numbers are told against the reference run, and nothing else is", () => {
  const values = [number(1), number(1.25), number(1), { text: "auto" }, undefined, number(Number.NaN)];
  const [section] = compareRuns([{ section: "a", name: "b", values }], { reference: 0 });
  expect(section?.rows[0]?.differences).toEqual([undefined, "+0.25", "±0", undefined, undefined, undefined]);
  const [other] = compareRuns([{ section: "a", name: "b", values: [number(1), number(4)] }], {
    reference: 1,
  });
  expect(other?.rows[0]?.differences).toEqual(["−3", undefined]);
});
