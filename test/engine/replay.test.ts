import { expect, test } from "vitest";
import { claimRuns } from "@/engine/claim-runs";
import { createSweep } from "@/engine/create-sweep";
import { deleteRuns } from "@/engine/delete-runs";
import { enqueueRun } from "@/engine/enqueue-run";
import { finishRun } from "@/engine/finish-run";
import { registerAgent } from "@/engine/register-agent";
import { replaySweep } from "@/engine/replay";
import { logMetrics } from "@/engine/report-metrics";
import { restoreRuns } from "@/engine/restore-runs";
import { retryRuns } from "@/engine/retry-runs";
import { updateSweep } from "@/engine/update-sweep";
import { toBatch } from "../support/history";
import { codeOf, gridOf, startSweep, withHouse } from "./support/house";

const kinds = { values: ["a", "b", "c"] };
const finite = {
  kind: kinds,
  n: { min: 1, max: 6 },
  rate: { distribution: "q_uniform", min: 0, max: 0.5, q: 0.25, when: { kind: "b" } },
};
const endless = { ...finite, x: { distribution: "log_uniform_values", min: 1e-5, max: 1 } };

test.each([
  ["a grid", { method: "grid", parameters: finite }],
  ["a grid in random order", { method: "grid", grid_order: "random", parameters: finite }],
  ["random draws from a finite space", { method: "random", parameters: finite }],
  ["random draws without an end", { method: "random", parameters: endless }],
  ["Sobol points of a finite space", { method: "sobol", parameters: finite }],
  ["Sobol points", { method: "sobol", parameters: endless }],
])(
  "the points of %s come out the same again, whatever became of its runs, and what was changed of one is told",
  (_, file) =>
    withHouse(async ({ db, context, other }) => {
      const base = { program: "train.py", metric: { name: "loss", goal: "minimize" }, seed: 7 };
      const before = await startSweep(context, { ...base, ...file });
      const [prior] = (await claimRuns(context, { ...before, count: 1 })).claims;
      if (prior === undefined) throw new Error("no run");
      const { runId, attempt } = prior;
      await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss: 1 }]]) });
      await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });

      const json = { ...base, ...file, repeats: 2, constraints: ["n != 2"] };
      const { sweepId } = await createSweep(context, { json, project: "digits", priorRuns: [prior.name] });
      const { agentId } = await registerAgent(context, { sweepId, host: "box" });
      const sweep = { sweepId, agentId };
      const claim = async (count: number, server = context) =>
        (await claimRuns(server, { ...sweep, count })).claims;
      const [failed, deleted, restored] = await claim(6);
      if (!failed || !deleted || !restored) throw new Error("no runs");
      // The same configuration once more, and one from outside of the space.
      await enqueueRun(context, { sweepId, params: failed.params });
      await enqueueRun(context, { sweepId, params: '{"kind":"z"}' });
      await finishRun(context, { runId: failed.runId, attempt: 1, state: "failed", exitCode: 1 });
      await retryRuns(context, { runIds: [failed.runId] });
      await deleteRuns(context, { runIds: [deleted.runId, restored.runId] });
      await restoreRuns(context, { runIds: [restored.runId] });
      await Promise.all([claim(5), claim(4, other)]);
      const parameters = { ...file.parameters, kind: { values: ["_", ...kinds.values, "d"] } };
      await updateSweep(context, { sweepId, json: { ...json, parameters } });
      await claim(9, other);

      const same = await replaySweep(db.sql, sweepId);
      expect(same).toEqual({
        ...{ by: "number", engine: `${file.method}/1`, asked: 2, differences: [] },
        proposals: expect.any(Number),
      });
      expect(same.proposals).toBeGreaterThan(15);

      const [row] = await db.sql<{ name: string; index: string }[]>`
        select name, point_index as index from runs where sweep_id = ${sweepId} and generation = 2 and point_index is not null
        order by id limit 1`;
      await db.sql`update runs set params = params || '{"n": 2}' where name = ${row?.name ?? ""}`;
      expect((await replaySweep(db.sql, sweepId)).differences).toMatchObject([
        { run: row?.name, index: row?.index, field: "params", stored: expect.stringContaining('"n":2') },
      ]);
    }),
);

test.each(["random", "sobol", "bayes", "tpe"])(
  "what the database forgets of a value, the order of its keys and the sign of zero, makes no difference to %s",
  (method) =>
    withHouse(async ({ db, context }) => {
      const source = `
        method: ${method}
        program: train.py
        metric: {name: loss}
        parameters:
          shape: {values: [{width: 1, depth: -0.0}, {b: -0.0, aa: [{z: 1, y: 2}]}, -0.0]}
          x: {min: 0.0, max: 1.0}`;
      const { sweepId } = await createSweep(context, { source, project: "digits" });
      const { agentId } = await registerAgent(context, { sweepId, host: "box" });
      await claimRuns(context, { sweepId, agentId, count: 4 });
      expect(await replaySweep(db.sql, sweepId)).toMatchObject({ differences: [] });
    }),
);

test("a point that no run has is told, and one whose number is none; nothing is derived where nobody chose", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(4));
    const { sweepId } = sweep;
    expect(await codeOf(replaySweep(db.sql, sweepId))).toBe("NOT_FOUND");
    await claimRuns(context, { ...sweep, count: 3 });
    await db.sql`update runs set point_index = 9, point_hash = sha256('') where point_index = 1`;
    const { differences } = await replaySweep(db.sql, sweepId);
    expect(differences).toEqual([
      { run: expect.any(String), index: "9", field: "index", stored: "9", derived: null },
      { run: null, index: "1", field: "run", stored: null, derived: '{"fixed":1.5,"x":1}' },
    ]);
    expect(await codeOf(replaySweep(db.sql, "nosuch00"))).toBe("NOT_FOUND");
  }));
