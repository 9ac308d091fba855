import { expect, test } from "vitest";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { deserializeConfig } from "@/core/sweep-config";
import { readGeneration } from "@/db/queries/facts";
import { readLog } from "@/db/queries/search-log";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
import { toBatch } from "../support/history";
import { claimOne, startSweep, withHouse } from "./support/house";

test.each(["tpe", "cmaes"])(
  "%s is served like bayes, says why of each run, and is replayed byte for byte",
  (method) =>
    withHouse(async ({ db, context }) => {
      const sweep = await startSweep(context, {
        method,
        program: "train.py",
        metric: { name: "loss", goal: "minimize" },
        parameters: {
          kind: { values: ["a", "b", "c"] },
          lr: { distribution: "log_uniform_values", min: 1e-5, max: 1e-1 },
          n: { min: 1, max: 9 },
          x: { distribution: "uniform", min: 0, max: 1 },
        },
        seed: 7,
        run_cap: 30,
      });
      await keepReady(context, sweep.sweepId);
      for (let i = 0; i < 30; i++) {
        const { runId, attempt, params } = await claimOne(context, sweep);
        const { x, n, kind } = JSON.parse(params);
        const loss = (x - 0.3) ** 2 + (n - 4) ** 2 / 100 + (kind === "b" ? 0 : 0.1);
        await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss }]]) });
        await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
      }
      // what ended last is told in a round of its own
      await keepReady(context, sweep.sweepId);
      const rows = await db.sql<{ reason: string; mean: number | null; engineVersion: string }[]>`
      select reason, mean, engine_version as "engineVersion" from suggestions where state = 'taken' order by number`;
      const own = rows.filter(({ reason }) => reason !== "fallback");
      expect(new Set(own.map(({ engineVersion }) => engineVersion))).toEqual(new Set([`${method}/1`]));
      expect(own[0]?.reason).toBe("design");
      expect(own.some(({ reason, mean }) => reason === "model" && mean !== null)).toBe(true);

      const generation = await readGeneration(db.sql, { sweepId: sweep.sweepId, generation: 1 });
      if (generation === undefined) throw new Error("no generation");
      const problem = { config: deserializeConfig(generation.config), seed: generation.seed };
      const { proposals, differences } = replay(
        methodOf(method),
        problem,
        await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 }),
      );
      expect(differences).toEqual([]);
      expect(proposals).toBeGreaterThanOrEqual(own.length);
    }),
);
