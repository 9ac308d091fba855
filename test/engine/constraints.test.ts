import { expect, test } from "vitest";
import { claimRuns } from "@/engine/claim-runs";
import { createSweep } from "@/engine/create-sweep";
import { finishRun } from "@/engine/finish-run";
import { previewSweep } from "@/engine/preview-sweep";
import { codeOf, readSweep, startSweep, withHouse } from "./support/house";

const spaceOf = (method: string, constraints: string[], bounds: object = { min: 1, max: 12 }): object => ({
  method,
  program: "t.py",
  seed: 7,
  metric: { name: "loss" },
  parameters: { a: bounds, b: bounds },
  constraints,
});
const parse = (params: string): { a: number; b: number } => JSON.parse(params);

test.each(["grid", "random", "sobol"])(
  "claims of %s give each allowed configuration once, and then the sweep ends",
  (method) =>
    withHouse(async ({ db, context, other }) => {
      const { sweepId, agentId } = await startSweep(context, spaceOf(method, ["a < b"]));
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, i) =>
          claimRuns(i % 2 ? context : other, { sweepId, agentId, count: 5 }),
        ),
      );
      const claims = answers.flatMap((answer) => answer.claims);
      expect(new Set(claims.map(({ params }) => params)).size).toBe(66);
      expect(claims).toHaveLength(66);
      expect(claims.map(({ params }) => parse(params)).every(({ a, b }) => a < b)).toBe(true);
      for (const { runId, attempt } of claims)
        await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
      expect(await readSweep(db, sweepId)).toMatchObject({ state: "finished", stateReason: "exhausted" });
    }),
);

test("claims skip a million forbidden points of a grid too large to count", () =>
  withHouse(async ({ context }) => {
    const { sweepId, agentId } = await startSweep(
      context,
      spaceOf("grid", ["a > 1_500", "b % 400 == 0"], { min: 1, max: 2_000 }),
    );
    const claims = [];
    for (let i = 0; i < 4; i++)
      claims.push(...(await claimRuns(context, { sweepId, agentId, count: 3 })).claims);
    expect(claims.map(({ params }) => parse(params)).slice(0, 6)).toEqual([
      { a: 1501, b: 400 },
      { a: 1501, b: 800 },
      { a: 1501, b: 1200 },
      { a: 1501, b: 1600 },
      { a: 1501, b: 2000 },
      { a: 1502, b: 400 },
    ]);
    expect(new Set(claims.map(({ params }) => params)).size).toBe(12);
  }));

test.each(["grid", "random", "sobol", "bayes"])(
  "a sweep of %s that its constraints leave nothing is refused",
  (method) =>
    withHouse(async ({ db, context }) => {
      const json = spaceOf(method, ["a > b", "b > a"]);
      await expect(createSweep(context, { json })).rejects.toMatchObject({
        code: "CONSTRAINTS_LEAVE_NOTHING",
        details: { constraints: ["a > b", "b > a"] },
      });
      expect(await codeOf(createSweep(context, { json: spaceOf(method, ["a > c"]) }))).toBe("CONFIG_INVALID");
      expect(await db.sql`select from sweeps`).toHaveLength(0);
    }),
);

test("a preview counts what is allowed, and shows no configuration twice", () =>
  withHouse(async ({ context }) => {
    const source = JSON.stringify(spaceOf("grid", ["a + b == 13"]));
    const { size, runs } = previewSweep(context, { source, count: 20 });
    expect(size).toBe("12");
    expect(runs).toHaveLength(12);
    const endless = JSON.stringify(spaceOf("sobol", ["a < b"], { min: 0.5, max: 1 }));
    const shown = previewSweep(context, { source: endless, count: 20 }).runs;
    expect(new Set(shown.map(({ params }) => JSON.stringify(params))).size).toBe(20);
  }));
