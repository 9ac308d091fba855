import { expect, test } from "vitest";
import { toModelWord } from "@/app/_lib/by-model";
import type { BestByModel } from "@/graphql/operations/pages";

const run = (id: string) => ({ id, name: `run-${id}`, displayName: `Run ${id}` });
const luckiest = { run: { id: "7" }, value: 0.01, mean: 0.05, sd: 0.01 };
const model: BestByModel = { run: run("12"), mean: 0.03, sd: 0.008, luckiest };

test("another run than the best one is named, with what is expected of both", () => {
  expect(toModelWord(model, "7")).toEqual({
    run: run("12"),
    mean: 0.03,
    sd: 0.008,
    ofBest: { mean: 0.05, sd: 0.01 },
  });
});

test("a best run that came since the model looked is not spoken of", () => {
  expect(toModelWord(model, "99")).toEqual({ run: run("12"), mean: 0.03, sd: 0.008 });
  expect(toModelWord({ ...model, run: run("99") }, "99")).toBeUndefined();
});

test("where no other is clearly better it tells how much of the best value was luck", () => {
  const hardly = { ...model, mean: 0.045 };
  expect(toModelWord(hardly, "7")).toEqual({ mean: 0.05, sd: 0.01 });
  const same = { run: run("7"), mean: 0.05, sd: 0.01, luckiest };
  expect(toModelWord(same, "7")).toEqual({ mean: 0.05, sd: 0.01 });
  const sure = { ...same, mean: 0.0100001, sd: 1e-9, luckiest: { ...luckiest, mean: 0.0100001, sd: 1e-9 } };
  expect(toModelWord(sure, "7")).toBeUndefined();
  const unsure = { ...same, sd: 0.06, luckiest: { ...luckiest, sd: 0.06 } };
  expect(toModelWord(unsure, "7")).toBeUndefined();
});

test("without noise, a model, or the run, nothing is said", () => {
  const equal = { ...model, mean: 0.01, luckiest: { ...luckiest, mean: 0.010001, sd: 1e-6 } };
  expect(toModelWord(equal, "7")).toBeUndefined();
  expect(toModelWord(null, "7")).toBeUndefined();
  expect(toModelWord({ ...model, run: null }, "7")).toBeUndefined();
});
