import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimRuns } from "@/engine/claim-runs";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { gridOf, startSweep, withHouse } from "../engine/support/house";
import { toBatch } from "../support/history";

const ROOT = join(import.meta.dirname, "../..");

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** The command itself, as a process of its own on the same database. */
function besom(url: string, ...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, DATABASE_URL: url };
    execFile(process.execPath, ["scripts/besom.mjs", ...words], { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test.skipIf(process.env.BESOM_CI === "brief")(
  "besom replay derives all proposals of a search again, and tells one that was tampered with",
  () =>
    withHouse(async ({ db, url, context }) => {
      const sweep = await startSweep(context, {
        method: "bayes",
        program: "train.py",
        metric: { name: "loss", goal: "minimize" },
        parameters: { lr: { distribution: "log_uniform_values", min: 1e-4, max: 1 }, n: { min: 1, max: 40 } },
      });
      for (let i = 0; i < 10; i++) {
        const { claims } = await claimRuns(context, { ...sweep, count: 1 });
        for (const { runId, attempt, params } of claims) {
          const { lr, n } = JSON.parse(params);
          const loss = Math.log10(lr) ** 2 + n / 10;
          await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss }]]) });
          await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
        }
      }
      const same = await besom(url, "replay", sweep.sweepId);
      expect(same).toMatchObject({ code: 0, stderr: "" });
      expect(same.stdout).toMatch(/^all \d+ proposals of bayes\/\d+ came out the same, byte for byte/);

      const [touched] = await db.sql<{ number: number }[]>`
      update suggestions set mean = mean + 1e-9 where mean is not null and number =
        (select min(number) from suggestions where mean is not null) returning number`;
      const other = await besom(url, "replay", `ada/digits/${sweep.sweepId}`, "--json");
      expect(other.code).toBe(1);
      expect(JSON.parse(other.stdout).differences).toEqual([
        { number: touched?.number, field: "mean", stored: expect.any(Number), derived: expect.any(Number) },
      ]);

      await db.sql`update suggestions set engine_version = 'bayes/0' where number = 0`;
      const old = await besom(url, "replay", sweep.sweepId);
      expect(old).toMatchObject({ code: 1, stderr: expect.stringContaining("was searched by bayes/0") });
      const unknown = await besom(url, "replay", "nosuch00");
      expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("is unknown") });

      const grid = await startSweep(context, gridOf(5));
      const { claims } = await claimRuns(context, { ...grid, count: 5 });
      const points = await besom(url, "replay", grid.sweepId);
      expect(points).toEqual({
        ...{ code: 0, stderr: "" },
        stdout: "all 5 points of grid/1 came out the same, byte for byte, from the file and the seed\n",
      });
      await db.sql`update runs set params = params || '{"x": 4}' where id = ${claims[1]?.runId ?? 0}`;
      expect(await besom(url, "replay", grid.sweepId)).toEqual({
        ...{ code: 1, stderr: "" },
        stdout: `run ${claims[1]?.name}, point 1: params was ${JSON.stringify('{"fixed":1.5,"x":4}')} and is now ${JSON.stringify('{"fixed":1.5,"x":1}')}\n`,
      });
    }),
);
