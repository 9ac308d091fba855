import { expect, test } from "vitest";
import { groupRows } from "@/ui/charts/prepare/group-rows";

const ROWS = [
  { name: "a", key: "sgd", loss: 0.2 },
  { name: "b", key: "adam", loss: 0.5 },
  { name: "c", key: "sgd", loss: 0.4 },
  { name: "d", key: "sgd", loss: undefined },
];
const ways = {
  toKey: ({ key }: (typeof ROWS)[number]) => key,
  toValue: ({ loss }: (typeof ROWS)[number]) => loss,
  lowerIsBetter: true,
};

test("groups stand in the order of their first rows, with how many they are, their best and their mean", () => {
  expect(groupRows(ROWS, { ...ways, open: new Set() })).toEqual([
    { group: { key: "sgd", count: 3, best: 0.2, mean: expect.closeTo(0.3, 12) }, open: false },
    { group: { key: "adam", count: 1, best: 0.5, mean: 0.5 }, open: false },
  ]);
  expect(groupRows(ROWS, { ...ways, lowerIsBetter: false, open: new Set() })[0]).toMatchObject({
    group: { best: 0.4 },
  });
});

test("an open group has its rows below it, and a group without a value says so by having none", () => {
  const items = groupRows(ROWS, { ...ways, open: new Set(["sgd"]) });
  expect(items.map((item) => ("row" in item ? item.row.name : item.group.key))).toEqual([
    "sgd",
    "a",
    "c",
    "d",
    "adam",
  ]);
  const [none] = groupRows([{ name: "x", key: "", loss: undefined }], { ...ways, open: new Set() });
  expect(none).toEqual({ group: { key: "", count: 1, best: undefined, mean: undefined }, open: false });
});
