import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { claimOne, gridOf, startSweep, withHouse } from "../engine/support/house";
import { toBatch } from "../support/history";

const ROOT = join(import.meta.dirname, "../..");

/** The command itself, as a process of its own on the same database. */
function besom(url: string, ...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DATABASE_URL: url };
    execFile(
      process.execPath,
      ["scripts/besom.mjs", "simulate-stopping", ...words],
      { cwd: ROOT, env },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test.skipIf(process.env.BESOM_CI === "brief")(
  "besom simulate-stopping says what rules would have saved of finished runs, and lost",
  () =>
    withHouse(async ({ url, context }) => {
      // Run i logs 10 values that end at i; the worse half is worse from the start. One is left unfinished.
      const sweep = await startSweep(context, gridOf(13));
      for (let i = 0; i < 13; i++) {
        const { runId, attempt } = await claimOne(context, sweep);
        const rows = Array.from({ length: 10 }, (_, step) => [step, { loss: i + (9 - step) }] as const);
        await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, rows) });
        if (i > 0) await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
      }
      const rule = "{type: asha, bands: [5], eta: 2}";
      const asked = await besom(url, sweep.sweepId, "--rule", rule, "--json");
      expect(asked).toMatchObject({ code: 0, stderr: "" });
      // All come to value 5 at once, in the order of their numbers: each that comes second is worse than the first.
      expect(JSON.parse(asked.stdout)).toEqual({
        sweepId: sweep.sweepId,
        metric: "loss",
        goal: "minimize",
        values: 120,
        leftOut: 1,
        rules: [
          {
            label: rule,
            runs: 12,
            stopped: 6 + 5,
            spent: (10 + 11 * 5) / 120,
            bestDecile: 2,
            bestDecileStopped: 1,
            bestRunStopped: false,
            best: 1,
            bestFound: 1,
          },
        ],
      });

      const usual = await besom(url, `ada/digits/${sweep.sweepId}`);
      expect(usual).toMatchObject({ code: 0, stderr: "" });
      expect(usual.stdout).toMatch(
        /^12 finished runs with 120 values of loss \(minimize it\); 1 others are left out/,
      );
      for (const type of ["hyperband", "asha", "median", "percentile", "funnel", "patience", "wilcoxon"])
        expect(usual.stdout).toContain(`{type: ${type}`);

      const wrong = await besom(url, sweep.sweepId, "--rule", "{type: ahsa}");
      expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean") });
      expect(await besom(url, "zzzzzzzz")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("unknown"),
      });
    }),
);
