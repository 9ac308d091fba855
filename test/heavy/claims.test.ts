import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { parseSweepConfig } from "@/core/sweep-config";
import { parseJson, type ValueMap } from "@/core/value";
import { type Background, startBackground } from "@/engine/background";
import { type Claim, claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { finishRun } from "@/engine/finish-run";
import { registerAgent } from "@/engine/register-agent";
import { logMetrics } from "@/engine/report-metrics";
import { type House, readSweep, reapNow, silent, startSweep, withHouse } from "../engine/support/house";
import { faultsOf } from "../support/configuration";
import { toBatch } from "../support/history";

/**
 * Claims by 200 agents at two servers (two engines, each with its background, on one real database); training takes no time, and one
 * agent in fifty dies with its run in hand. The issue asks for 10,000 claims: BESOM_CLAIMS=10000.
 */
const CLAIMS = Number(process.env.BESOM_CLAIMS ?? 400);
const AGENTS = 200;
const DEATHS = 1 / 50;
const MINUTE = 60_000;

/** 12,000 configurations. */
const finite = {
  layers: { min: 1, max: 12 },
  width: { values: [16, 32, 64, 128, 256] },
  dropout: { distribution: "q_uniform", q: 0.05, min: 0, max: 0.45 },
  optimizer: { values: ["sgd", "adam", "lion", "adamw"] },
  norm: { values: [true, false, 1, "true", null] },
};
const mixed = {
  lr: { distribution: "log_uniform_values", min: 1e-5, max: 1 },
  momentum: { distribution: "uniform", min: 0, max: 1, when: { optimizer: "sgd" } },
  layers: { min: 1, max: 4 },
  optimizer: { values: ["sgd", "adam", "lion"] },
  norm: { values: [true, false] },
};

interface Handed extends Claim {
  readonly died: boolean;
}

/** All that was handed out, in the order in which it was, until the sweep had no more. */
async function workThrough({ db, context, other }: House, sweepId: string): Promise<Handed[]> {
  const handed: Handed[] = [];
  let dead: Claim[] = [];
  const over = new AbortController();
  const reaper = reap();
  await Promise.all(Array.from({ length: AGENTS }, (_, i) => work(i % 2 ? context : other, i)));
  over.abort();
  await reaper;
  return handed;

  async function work(server: EngineContext, number: number): Promise<void> {
    for (let life = 0; ; life++) {
      const { agentId } = await registerAgent(server, { sweepId, host: `box-${number}`, pid: life + 1 });
      if (!(await live(server, agentId))) return;
    }
  }

  /** @returns whether it died before the sweep's end */
  async function live(server: EngineContext, agentId: number): Promise<boolean> {
    for (;;) {
      const { claims, directive, retryAfterMs } = await claimRuns(server, { sweepId, agentId, count: 1 });
      if (directive === "EXIT") return false;
      if (claims.length === 0) await pause(Math.min(retryAfterMs, 200));
      for (const claim of claims) {
        const died = Math.random() < DEATHS;
        handed.push({ ...claim, died });
        if (died) {
          dead.push(claim);
          return true;
        }
        await train(server, claim);
      }
    }
  }

  /** The leases of the dead run out at once, instead of after 20 s. */
  async function reap(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(500);
      const gone = dead;
      dead = [];
      await db.sql`
        update attempts a set lease_expires_at = clock_timestamp() - interval '1 second'
        from unnest(${gone.map(({ runId }) => runId)}::bigint[], ${gone.map(({ attempt }) => attempt)}::int[])
          as d (run_id, number)
        where a.run_id = d.run_id and a.number = d.number and a.ended_at is null`;
      await reapNow(db);
    }
  }
}

async function train(server: EngineContext, { runId, attempt }: Claim): Promise<void> {
  const metrics = toBatch({ attempt, batch: 1 }, [[0, { loss: Math.random() }]]);
  await logMetrics(server, { runId, metrics });
  await finishRun(server, { runId, attempt, state: "finished", exitCode: 0 });
}

async function withSweep(
  file: Record<string, unknown>,
  body: (house: House, handed: readonly Handed[], sweepId: string) => Promise<void>,
): Promise<void> {
  await withHouse(async (house) => {
    const { context, db, other } = house;
    const json = {
      program: "train.py",
      metric: { name: "loss", goal: "minimize" },
      retries: 1_000,
      seed: 11,
      ...file,
    };
    const { sweepId } = await startSweep(context, json);
    const servers: Background[] = [db, other.db].map((each) => startBackground({ db: each, log: silent }));
    const began = performance.now();
    const handed = await workThrough(house, sweepId).finally(() =>
      Promise.all(servers.map((one) => one.stop())),
    );
    const seconds = (performance.now() - began) / 1_000;
    const reasons = await db.sql<{ reason: string; count: number }[]>`
      select reason, count(*)::int as count from suggestions where state = 'taken' group by reason order by reason`;
    const why = reasons.map(({ reason, count }) => `${count} ${reason}`).join(", ") || "by number";
    console.log(
      `${file.method}: ${handed.length} claims in ${seconds.toFixed(0)} s, ${handed.filter(({ died }) => died).length} agents died; ${why}`,
    );
    expectEachOnce(handed, json);
    await body(house, handed, sweepId);
  });
}

/** A run is handed out again only when its agent died, and no configuration is two runs'. */
function expectEachOnce(handed: readonly Handed[], json: object): void {
  const attempts = new Set(handed.map(({ runId, attempt }) => `${runId}/${attempt}`));
  expect(attempts.size).toBe(handed.length);
  const deaths = new Map<number, number>();
  for (const { runId, died } of handed) deaths.set(runId, (deaths.get(runId) ?? 0) + Number(died));
  const last = new Map(handed.map((claim) => [claim.runId, claim]));
  for (const { runId, attempt, died } of last.values()) {
    expect(died).toBe(false);
    expect(attempt).toBe(1 + (deaths.get(runId) ?? 0));
  }
  const texts = new Set(Array.from(last.values(), ({ params }) => params));
  expect(texts.size).toBe(last.size);
  const { config } = parseSweepConfig(JSON.stringify(json));
  if (config === undefined) throw new Error("the sweep can't be read");
  for (const text of texts) expect(faultsOf(config.parameters, parseJson(text) as ValueMap)).toEqual([]);
}

test.each(["random", "bayes"])(
  "of a space of 12,000 configurations %s hands out none twice",
  { timeout: 20 * MINUTE },
  (method) =>
    withSweep({ method, parameters: finite, run_cap: CLAIMS }, async ({ db }, _, sweepId) => {
      const { state, stateReason, runCount } = await readSweep(db, sweepId);
      expect({ state, stateReason, runCount }).toEqual({
        state: "finished",
        stateReason: "run_cap",
        runCount: CLAIMS,
      });
    }),
);

test.each(["random", "bayes"])(
  "on a mixed space with conditions %s hands out none twice, fallbacks included",
  { timeout: 20 * MINUTE },
  (method) =>
    withSweep({ method, parameters: mixed, run_cap: CLAIMS }, async ({ db }, _, sweepId) => {
      expect(await readSweep(db, sweepId)).toMatchObject({ state: "finished", runCount: CLAIMS });
    }),
);

test("a space smaller than the number of agents' claims is handed out to its last point", {
  timeout: 5 * MINUTE,
}, () => {
  const { layers, optimizer, norm } = finite;
  return withSweep(
    { method: "bayes", parameters: { layers, optimizer, norm } },
    async ({ db }, handed, sweepId) => {
      expect(await readSweep(db, sweepId)).toMatchObject({ state: "finished", stateReason: "exhausted" });
      expect(new Set(handed.map(({ runId }) => runId)).size).toBe(12 * 4 * 5);
    },
  );
});
