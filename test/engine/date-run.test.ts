import { expect, test } from "vitest";
import { createRun } from "@/engine/create-run";
import { dateRun } from "@/engine/date-run";
import { finishRun } from "@/engine/finish-run";
import { claimOne, codeOf, gridOf, type House, startSweep, withHouse } from "./support/house";

const [BEGAN, ENDED] = [new Date("2023-05-01T10:00:00.250Z"), new Date("2023-05-01T12:30:00Z")];

const datesOf = ({ db }: House, runId: number) => db.sql`
  select r.started_at, r.finished_at, a.started_at as attempt_started, a.ended_at as attempt_ended
  from runs r join attempts a on a.run_id = r.id and a.number = r.attempt where r.id = ${runId}`;

test("a run that was moved in has the times that it had, and its attempt with it; said again they are the same", () =>
  withHouse(async (house) => {
    const { context } = house;
    const { runId } = await createRun(context, { project: "moved" });
    await dateRun(context, { runId, startedAt: BEGAN });
    expect(await datesOf(house, runId)).toEqual([
      { started_at: BEGAN, finished_at: null, attempt_started: BEGAN, attempt_ended: null },
    ]);
    await finishRun(context, { runId, attempt: 1, state: "finished" });
    for (const _ of [1, 2]) await dateRun(context, { runId, finishedAt: ENDED });
    expect(await datesOf(house, runId)).toEqual([
      { started_at: BEGAN, finished_at: ENDED, attempt_started: BEGAN, attempt_ended: ENDED },
    ]);
  }));

test("an end before the beginning, the end of a run under way and the times of a sweep's run are refused, and nothing is changed", () =>
  withHouse(async (house) => {
    const { context } = house;
    const { runId } = await createRun(context, { project: "moved" });
    const before = await datesOf(house, runId);
    expect(await codeOf(dateRun(context, { runId, startedAt: BEGAN, finishedAt: ENDED }))).toBe(
      "ILLEGAL_MOVE",
    );
    expect(await datesOf(house, runId)).toEqual(before);
    await finishRun(context, { runId, attempt: 1, state: "finished" });
    const over = await datesOf(house, runId);
    expect(await codeOf(dateRun(context, { runId, finishedAt: BEGAN }))).toBe("BAD_INPUT");
    expect(await codeOf(dateRun(context, { runId, startedAt: ENDED, finishedAt: BEGAN }))).toBe("BAD_INPUT");
    expect(await datesOf(house, runId)).toEqual(over);
    const claimed = await claimOne(context, await startSweep(context, gridOf(2)));
    expect(await codeOf(dateRun(context, { runId: claimed.runId, startedAt: BEGAN }))).toBe("ILLEGAL_MOVE");
    expect(await codeOf(dateRun(context, { runId: 999_999, startedAt: BEGAN }))).toBe("NOT_FOUND");
  }));
