import { describe, expect, test } from "vitest";
import type { Claim } from "@/graphql/operations/agent";
import { toDocument } from "@/graphql/operations/document";
import { LOOKS, screenshot } from "../support/browser";
import { train } from "../support/seed";
import { untilLive, violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite({ own: true });

const SWEEP = `# The model chooses.
name: digits, by a model
method: bayes
program: train.ts
metric: {name: accuracy, goal: maximize}
parameters:
  lr: {distribution: log_uniform_values, min: 0.001, max: 0.3}
  hidden: {values: [16, 32, 64, 128]}
  dropout: {min: 0.0, max: 0.5}
`;

/** Its last run ends it, so that the model judges all results. Their noise is thrice what x does: it shows whichever proposals were ready. */
const NOISY = `name: noise
method: bayes
seed: 7
run_cap: 24
program: train.ts
metric: {name: loss}
parameters: {x: {min: 0.0, max: 1.0}}
`;

const TWO = `name: small and good
method: grid
program: train.ts
metrics:
  - {name: accuracy, goal: maximize}
  - {name: latency_ms, goal: minimize}
parameters:
  hidden: {values: [16, 32, 64, 128]}
  dropout: {values: [0.0, 0.1, 0.2, 0.4]}
`;

const SearchOf = toDocument<
  {
    sweep: {
      search: { method: string | null; why: string | null; taken: number; spent: boolean } | null;
    } | null;
  },
  { id: string }
>(`query SearchOf($id: ID!) { sweep(id: $id) { search { method why taken spent } } }`);

/** Runs of a sweep with method bayes, one after the other, by an agent that trains. */
async function search(project: string, runs: number): Promise<{ sweepId: string; claims: Claim[] }> {
  const { driver } = site();
  const { id: sweepId } = await driver.createSweep(SWEEP, { project });
  const agentId = await driver.registerAgent(sweepId, "gpu-box-1");
  const claims: Claim[] = [];
  for (let i = 0; i < runs; i++) {
    const [claim] = await driver.claim(sweepId, agentId);
    if (claim === undefined) throw new Error("there was nothing to claim");
    const { accuracy } = train(JSON.parse(claim.params), 5);
    await driver.finish(claim, { series: { accuracy } });
    claims.push(claim);
  }
  return { sweepId, claims };
}

describe("a sweep that a search chooses for", () => {
  test("its runs say why they have their configuration, what was expected of them, and what came", async () => {
    const { claims } = await search("by-a-model", 9);
    const { entity } = site();
    const pathOf = (claim: Claim | undefined) => `/${entity}/by-a-model/runs/${claim?.name}`;
    for (const { look, ...rest } of LOOKS) {
      const { page, troubles } = await open(pathOf(claims.at(-1)), rest);
      await untilLive(page);
      const choice = page.locator("#choice");
      await expect(choice.textContent()).resolves.toMatch(
        /^Why this point: The model's choice after 8 results\. It expected accuracy [\d.]+ ± [\d.e-]+; the run came to [\d.]+\.$/,
      );
      expect(await violationsOn(page)).toEqual([]);
      await choice.scrollIntoViewIfNeeded();
      await screenshot(page, `run-choice-${look}`);
      expect(troubles).toEqual([]);
    }
    const { page } = await open(pathOf(claims[0]));
    await expect(page.locator("#choice").textContent()).resolves.toMatch(
      /^Why this point: One of the first configurations/,
    );
  });

  test("under noise the sweep's page says beside the best run what the model makes of its value", async () => {
    const { driver, entity } = site();
    const { id: sweepId } = await driver.createSweep(NOISY, { project: "noisy" });
    const agentId = await driver.registerAgent(sweepId, "gpu-box-1");
    for (let i = 0; i < 24; i++) {
      const [claim] = await driver.claim(sweepId, agentId);
      if (claim === undefined) throw new Error("there was nothing to claim");
      const loss = (JSON.parse(claim.params).x - 0.4) ** 2 + ((i * 0.618034) % 1);
      await driver.finish(claim, { series: { loss: [loss] } });
    }
    for (const { look, ...rest } of LOOKS) {
      const { page, troubles } = await open(`/${entity}/noisy/sweeps/${sweepId}`, rest);
      await untilLive(page);
      const best = page.locator("#best");
      await best.getByText(/holds .+ for better: |Some of that is luck: /).waitFor({ timeout: 30_000 });
      expect(await violationsOn(page)).toEqual([]);
      await best.scrollIntoViewIfNeeded();
      await screenshot(page, `sweep-by-model-${look}`);
      expect(troubles).toEqual([]);
    }
  });

  test("a sweep with two metrics shows its best compromises in place of a best run", async () => {
    const { driver, entity } = site();
    const { id: sweepId } = await driver.createSweep(TWO, { project: "compromises" });
    const agentId = await driver.registerAgent(sweepId, "gpu-box-1");
    for (let i = 0; i < 16; i++) {
      const [claim] = await driver.claim(sweepId, agentId);
      if (claim === undefined) throw new Error("there was nothing to claim");
      const { hidden, dropout } = JSON.parse(claim.params);
      const latency_ms = 1.5 + hidden / 16;
      const accuracy = 0.98 - 0.4 / Math.sqrt(hidden) - (dropout - 0.2) ** 2;
      await driver.finish(claim, { series: { accuracy: [accuracy], latency_ms: [latency_ms] } });
    }
    for (const { look, ...rest } of LOOKS) {
      const { page, troubles } = await open(`/${entity}/compromises/sweeps/${sweepId}`, rest);
      await untilLive(page);
      const best = page.locator("#best");
      await expect(best.locator("h2").textContent()).resolves.toBe("Best compromises");
      expect(await best.locator("tbody tr").count()).toBe(4);
      await expect(best.textContent()).resolves.toMatch(/Hypervolume [\d.]+/);
      expect(await violationsOn(page)).toEqual([]);
      await best.scrollIntoViewIfNeeded();
      await screenshot(page, `sweep-compromises-${look}`);
      expect(troubles).toEqual([]);
    }
  });

  test("the API says what the search is at", async () => {
    const { sweepId } = await search("asked", 7);
    const { sweep } = await site().driver.send(SearchOf, { id: sweepId });
    expect(sweep?.search).toMatchObject({
      method: "bayes",
      why: "the sweep file names method bayes",
      taken: 7,
      spent: false,
    });
  });
});
