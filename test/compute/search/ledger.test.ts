import { expect, test } from "vitest";
import { type Choice, openLedger } from "@/compute/search/ledger";
import type { Proposed } from "@/compute/search/method";

const read = () => undefined;
const choice: Choice = { params: {}, hash: "a", reason: "model" };
const fallback: Proposed = {
  type: "proposed",
  number: -1,
  params: {},
  hash: "a",
  repeat: 0,
  reason: "fallback",
  predicted: null,
  memory: null,
};

test("a point that a proposal and a fallback have is free again only when both have given it back", () => {
  const ledger = openLedger({ repeats: 1 }, read);
  ledger.add(choice);
  ledger.observe(fallback);
  ledger.observe({ type: "withdrawn", number: 0 });
  expect(ledger.has("a")).toBe(true);
  ledger.observe({ type: "lost", number: -1 });
  expect(ledger.has("a")).toBe(false);
});

test("what was lost or withdrawn and keeps its point is neither pending nor a result, and its point is not free", () => {
  for (const type of ["lost", "withdrawn"] as const) {
    const ledger = openLedger({ repeats: 1 }, read);
    ledger.add(choice);
    ledger.observe({ type, number: 0, keepsPoint: true });
    expect([ledger.has("a"), ledger.pending, ledger.settled]).toEqual([true, [], []]);
  }
});

test("what was lost and is found again counts with its result, once, where it kept its point", () => {
  for (const keepsPoint of [true, false]) {
    const ledger = openLedger({ repeats: 1 }, read);
    ledger.add(choice);
    ledger.observe({ type: "lost", number: 0, keepsPoint });
    ledger.observe({ type: "observed", number: 0, objectives: [3] });
    ledger.observe({ type: "observed", number: 0, objectives: [4] });
    expect(ledger.settled.map(({ outcome }) => outcome?.objectives)).toEqual(keepsPoint ? [[3]] : []);
  }
  const ledger = openLedger({ repeats: 1 }, read);
  ledger.add(choice);
  ledger.observe({ type: "lost", number: 0, keepsPoint: true });
  ledger.observe({ type: "pruned", number: 0, count: 2, objectives: [5] });
  expect(ledger.settled.map(({ state }) => state)).toEqual(["pruned"]);
});

test("a fallback is owed its repeats like a proposal, and a prior run none", () => {
  const ledger = openLedger({ repeats: 2 }, read);
  ledger.observe({ type: "prior", number: -1, params: {}, objectives: [1] });
  expect(ledger.owed()).toBeUndefined();
  ledger.observe({ ...fallback, number: -2 });
  expect(ledger.owed()).toMatchObject({ number: -2, hash: "a" });
  ledger.add({ ...choice, reason: "replicate" });
  expect(ledger.owed()).toBeUndefined();
});
