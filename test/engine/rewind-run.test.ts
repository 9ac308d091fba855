import { expect, test } from "vitest";
import { createRun } from "@/engine/create-run";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { rewindRun } from "@/engine/rewind-run";
import { toBatch } from "../support/history";
import { codeOf, type House, withHouse } from "./support/house";

const valuesOf = async ({ db }: House, runId: number) => {
  const [row] = await db.sql`
    select s.count::int, s.min, s.last from runs r join metric_summaries s on s.run_id = r.id and s.attempt = r.attempt where r.id = ${runId}`;
  return row && { ...row };
};

/** Its losses fall from 9 to 0 over ten steps. */
async function finished({ context }: House): Promise<number> {
  const { runId } = await createRun(context, { project: "back" });
  const steps = Array.from({ length: 10 }, (_, i) => [i, { loss: 9 - i }] as const);
  await logMetrics(context, { runId, metrics: toBatch({ attempt: 1, batch: 1 }, steps) });
  await finishRun(context, { runId, attempt: 1, state: "finished", exitCode: 0 });
  return runId;
}

test("of two calls that rewind a run to different steps at once, at two servers, one is told that the other was faster", () =>
  withHouse(async (house) => {
    const { db, context, other } = house;
    for (let round = 0; round < 5; round++) {
      const runId = await finished(house);
      const calls = [2, 5].map((step, i) => rewindRun(i ? other : context, { runId, step }));
      const ends = await Promise.all(
        calls.map((call) =>
          call.then(
            () => "done",
            (error) => error.code,
          ),
        ),
      );
      expect(ends.toSorted()).toEqual(["ILLEGAL_MOVE", "done"]);
      const [row] =
        await db.sql`select resumed_from_step as step from attempts where run_id = ${runId} and number = 2`;
      expect(row?.step).toBe(ends[0] === "done" ? 2 : 5);
    }
  }));

test("the same call twice at once is one attempt", () =>
  withHouse(async (house) => {
    const runId = await finished(house);
    const calls = [house.context, house.other].map((each) => rewindRun(each, { runId, step: 4 }));
    expect(await Promise.all(calls)).toEqual([
      expect.objectContaining({ attempt: 2 }),
      expect.objectContaining({ attempt: 2 }),
    ]);
    expect(await valuesOf(house, runId)).toEqual({ count: 5, min: 5, last: 5 });
  }));

test("rewound once more, to before the step that it had been rewound to, it has what the first attempt logged up to there", () =>
  withHouse(async (house) => {
    const { context } = house;
    const runId = await finished(house);
    await rewindRun(context, { runId, step: 6 });
    await logMetrics(context, { runId, metrics: toBatch({ attempt: 2, batch: 1 }, [[7, { loss: -7 }]]) });
    expect(await codeOf(rewindRun(context, { runId, step: 1 }))).toBe("ILLEGAL_MOVE");
    await finishRun(context, { runId, attempt: 2, state: "finished", exitCode: 0 });
    expect(await codeOf(rewindRun(context, { runId, step: 8 }))).toBe("BAD_INPUT");
    expect(await rewindRun(context, { runId, step: 1 })).toMatchObject({ attempt: 3 });
    expect(await valuesOf(house, runId)).toEqual({ count: 2, min: 8, last: 8 });
  }));
