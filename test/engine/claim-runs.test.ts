import { expect, test } from "vitest";
import { claimRuns } from "@/engine/claim-runs";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { gridOf, startSweep, withHouse } from "./support/house";

test("64 claims at once through two servers give each point of a grid exactly once", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId, agentId } = await startSweep(context, gridOf(60));
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        claimRuns(i % 2 ? context : other, { sweepId, agentId, count: 1 }),
      ),
    );
    const claims = answers.flatMap((answer) => answer.claims);
    expect(claims).toHaveLength(60);
    expect(new Set(claims.map(({ params }) => params)).size).toBe(60);
    expect(answers.filter(({ directive }) => directive === "WAIT")).toHaveLength(4);
    const [first] = claims;
    if (!first) throw new Error();
    expect(JSON.parse(first.params)).toHaveProperty("fixed", 1.5);
    expect(await heartbeat(context, { agentId, attempts: claims })).toEqual({
      commands: [],
      directive: "CONTINUE",
      leaseMs: 20_000,
    });
    const ends = await Promise.all(
      claims.map(({ runId, attempt }) =>
        finishRun(other, { runId, attempt, state: "finished", exitCode: 0 }),
      ),
    );
    expect(ends.every(({ state }) => state === "finished")).toBe(true);
    const [sweep] = await db.sql`select state, state_reason, run_count, cursor, exhausted from sweeps`;
    expect(sweep).toEqual({
      state: "finished",
      state_reason: "exhausted",
      run_count: 60,
      cursor: "60",
      exhausted: true,
    });
    expect((await claimRuns(context, { sweepId, agentId, count: 1 })).directive).toBe("EXIT");
  }));
