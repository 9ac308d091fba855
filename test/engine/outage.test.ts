import { expect, inject, test } from "vitest";
import { isAppError } from "@/core/errors";
import { startBackground } from "@/engine/background";
import { type Claim, claimRuns } from "@/engine/claim-runs";
import type { EngineContext, Logger } from "@/engine/context";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { withAdmin } from "../support/database";
import { gridOf, readRuns, readSweep, silent, startSweep, withHouse } from "./support/house";

/** As a client does: the same request again until it is answered. */
async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!isAppError(error) || error.code !== "UNAVAILABLE" || tries > 50) throw error;
    }
  }
}

test("connections that die at random lose no point, repeat none, and keep no client waiting", () =>
  withHouse(async ({ db, url, context, other }) => {
    const points = 100;
    const sweep = await startSweep(context, gridOf(points));
    const name = new URL(url).pathname.slice(1);
    let over = false;
    const killing = withAdmin(inject("adminUrl"), async (sql) => {
      while (!over) {
        await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = ${name} and pid <> pg_backend_pid() and random() < 0.5`;
        await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 60));
      }
    });
    const work = async (server: EngineContext, worker: number) => {
      const done: Claim[] = [];
      for (let i = 0; ; i++) {
        const clientMutationId = `w${worker}-${i}`;
        const answer = await persist(() => claimRuns(server, { ...sweep, count: 2, clientMutationId }));
        if (answer.directive !== "RUN") return done;
        await persist(() => heartbeat(server, { agentId: sweep.agentId, attempts: answer.claims }));
        for (const { runId, attempt } of answer.claims) {
          await persist(() =>
            finishRun(server, {
              runId,
              attempt,
              state: "finished",
              exitCode: 0,
              clientMutationId: `f${runId}`,
            }),
          );
        }
        done.push(...answer.claims);
      }
    };
    const done = (
      await Promise.all(Array.from({ length: 10 }, (_, worker) => work(worker % 2 ? context : other, worker)))
    ).flat();
    over = true;
    await killing;
    expect(done).toHaveLength(points);
    expect(new Set(done.map(({ params }) => params)).size).toBe(points);
    const runs = await readRuns(db);
    expect(runs).toHaveLength(points);
    expect(
      runs.every(({ state, attempt, crashes }) => state === "finished" && attempt === 1 && crashes === 0),
    ).toBe(true);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", runCount: points });
  }));

const nameIn = (details: object): string => ("name" in details ? String(details.name) : "");

test("the background goes on after an outage, says so once, and stops cleanly", () =>
  withHouse(async ({ db, url, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const said: string[] = [];
    const log: Logger = {
      ...silent,
      error: (details, message) => said.push(`${nameIn(details)} ${message}`),
      info: (details, message) => said.push(`${nameIn(details)} ${message}`),
    };
    const background = startBackground({ db, log });
    const name = new URL(url).pathname.slice(1);
    await withAdmin(inject("adminUrl"), async (sql) => {
      await sql.unsafe(`alter database ${name} allow_connections false`);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
      await expect.poll(() => said.length, { timeout: 10_000 }).toBeGreaterThan(0);
      await sql.unsafe(`alter database ${name} allow_connections true`);
    });
    await expect
      .poll(() => said.some((line) => line.includes("goes on again")), { timeout: 15_000 })
      .toBe(true);
    await background.stop();
    const failures = said.filter((line) => line.includes("failed"));
    expect(failures).toEqual([...new Set(failures)]); // each loop says it once
    expect((await claimRuns(context, { ...sweep, count: 1 })).claims).toHaveLength(1);
  }));
