import { describe, expect, test } from "vitest";
import type { Claim } from "@/graphql/operations/agent";
import { toDocument } from "@/graphql/operations/document";
import { PHONE, screenshot, WIDE } from "../support/browser";
import { train } from "../support/seed";
import { untilLive, violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite();

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
    const looks = [
      { size: WIDE, colorScheme: "light" },
      { size: PHONE, colorScheme: "dark" },
    ] as const;
    for (const { size, colorScheme } of looks) {
      const { page, troubles } = await open(pathOf(claims.at(-1)), { viewport: size, colorScheme });
      await untilLive(page);
      const choice = page.locator("#choice");
      await expect(choice.textContent()).resolves.toMatch(
        /^The model's choice after 8 results\. It expected accuracy [\d.]+ ± [\d.e-]+; the run came to [\d.]+\.$/,
      );
      expect(await violationsOn(page)).toEqual([]);
      await choice.scrollIntoViewIfNeeded();
      await screenshot(page, `run-choice-${colorScheme}`);
      expect(troubles).toEqual([]);
    }
    const { page } = await open(pathOf(claims[0]));
    await expect(page.locator("#choice").textContent()).resolves.toMatch(/^One of the first configurations/);
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
