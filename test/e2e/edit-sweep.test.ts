import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Claim, Heartbeat, LogMetrics } from "@/graphql/operations/agent";
import { toDocument } from "@/graphql/operations/document";
import { LOOKS, screenshot } from "../support/browser";
import { openDriver } from "../support/seed";
import { untilLive, violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite();

const fileOf = (values: string, more = "") => `# first look
name: look
method: grid
program: train.py
metric:
  name: loss
  goal: minimize
parameters:
  lr:
    values: [${values}]
  note: {value: it's fine}
${more}`;

interface Begun {
  sweepId: string;
  agentId: string;
  project: string;
  path: string;
}

async function begin(project: string, source: string): Promise<Begun> {
  const { driver, entity } = site();
  const { id: sweepId } = await driver.createSweep(source, { project });
  const agentId = await driver.registerAgent(sweepId, "gpu-box-1");
  return { sweepId, agentId, project, path: `/${entity}/${project}/sweeps/${sweepId}` };
}

const claim = ({ sweepId, agentId }: Begun, count = 1) => site().driver.claim(sweepId, agentId, count);

/** As its agent says it when the process has begun. */
const tellCommand = ({ agentId }: Begun, { runId, attempt }: Claim, command: string[]) =>
  site().driver.send(Heartbeat, {
    input: {
      agentId,
      attempts: [{ runId, attempt }],
      started: [{ runId, attempt, pid: 77, command }],
    },
  });

/** The text of the open editor goes, this one comes in one step. */
async function write(page: Page, source: string): Promise<void> {
  await page.locator(".cm-content").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(source);
}

let failing: Begun;
let bad: Claim[];

/** A sweep of six runs: two end well, three fail with the same words, one with others. */
beforeAll(async () => {
  failing = await begin("failures", fileOf("0.1, 0.2, 0.3, 0.4, 0.5, 0.6"));
  const { driver } = site();
  const [one, two, ...others] = await claim(failing, 6);
  if (!one || !two) throw new Error("fewer than six");
  bad = others;
  const command = ["python", "train.py", "--lr=0.1", "--note=it's fine"];
  await tellCommand(failing, one, command);
  for (const run of bad) await tellCommand(failing, run, ["python", "train.py", "--note=it's fine"]);
  await driver.finish(one, { series: { loss: [0.9, 0.25] } });
  await driver.finish(two, { series: { loss: [0.9, 0.5] } });
  for (const [i, run] of bad.entries())
    await driver.finish(run, {
      state: "failed",
      exitCode: 3,
      output: i < 3 ? ["epoch 1", `CUDA out of memory: ${100 + i} MB`] : ["no such file: data.npz"],
    });
});

describe("editing", () => {
  test("a sweep under way gets more values: what it means is read before it is saved, and the runs go on", async () => {
    const sweep = await begin("edited", fileOf("0.1, 0.2"));
    await claim(sweep, 1);
    const { page, troubles } = await open(sweep.path);
    await untilLive(page);
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Edit look" });
    await dialog.locator(".cm-content").waitFor();
    await write(
      page,
      fileOf("0.1, 0.2, 0.3, 0.4", "run_cap: 3\n").replace("name: look", "name: longer look"),
    );
    const changes = dialog.getByRole("region", { name: "What would change" });
    await changes.getByText("0.1, 0.2, 0.3, 0.4").waitFor();
    expect(await changes.textContent()).toContain("Points that have a run are not run again");
    await changes.getByText("Up to 2 more runs are handed out.").waitFor();
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("heading", { level: 1, name: "longer look" }).waitFor();
    const next = await claim(sweep, 9);
    expect(next.map(({ params }) => JSON.parse(params).lr)).toEqual([0.2, 0.3]);
    expect(troubles).toEqual([]);
  });

  test("what its runs don't allow is refused by name before anything is sent", async () => {
    const { page } = await open(failing.path);
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator(".cm-content").waitFor();
    await write(page, fileOf("0.1, 0.2").replace("train.py", "other.py"));
    await dialog.getByText(/Refused: runs may have 0.3, 0.4, 0.5, 0.6/).waitFor();
    const save = dialog.getByRole("button", { name: "Save", exact: true });
    expect(await save.getAttribute("aria-disabled")).toBe("true");
    await dialog.getByText("program, parameters.lr can't be changed under its runs").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
  });

  test("axe-core finds nothing in the dialog and the failures, in both themes and on a phone", async () => {
    for (const { look, ...rest } of LOOKS) {
      const { page } = await open(`${failing.path}?tab=agents`, rest);
      await page.locator("#failures li").first().waitFor();
      expect(await violationsOn(page), `failures ${look}`).toEqual([]);
      await page.locator("#failures").scrollIntoViewIfNeeded();
      await screenshot(page, `failures-${look}`);
      await page.getByRole("button", { name: "Edit", exact: true }).click();
      await page.locator("dialog .cm-content").waitFor();
      await write(page, fileOf("0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7").replace("train.py", "other.py"));
      await page.getByText(/Refused:/).waitFor();
      await screenshot(page, `edit-dialog-${look}`);
      expect(await violationsOn(page), `dialog ${look}`).toEqual([]);
    }
  });
});

describe("runs that did not end well", () => {
  test("7: a failed run's page shows its exit code, the exact command line and the last it said", async () => {
    const { page } = await open(`/${site().entity}/${failing.project}/runs/${bad[0]?.name}`);
    const ending = page.locator("#ending");
    await ending.getByText("It failed with exit code 3").waitFor();
    expect(await ending.textContent()).toContain(`python train.py '--note=it'\\''s fine'`);
    expect(await ending.textContent()).toContain("CUDA out of memory: 100 MB");
  });

  test("8: a run that was stopped early says at which step, and by what value it was measured", async () => {
    const rule = "early_terminate: {type: median, min_runs: 1, grace: 0, every: 1}\n";
    const sweep = await begin("stopped", fileOf("0.1, 0.2", rule));
    const { driver, url } = site();
    const [good, worse] = await claim(sweep, 2);
    if (!good || !worse) throw new Error("fewer than two");
    const log = ({ runId, attempt, apiKey }: Claim, loss: number) =>
      openDriver(url, apiKey).send(LogMetrics, {
        input: {
          runId,
          batch: {
            attempt,
            batch: 1,
            steps: [0, 1],
            times: [1, 2],
            series: [{ key: "loss", values: [loss, loss] }],
          },
        },
      });
    await log(good, 0.25);
    expect((await log(worse, 8)).logMetrics.command).toBe("STOP");
    await driver.finish(worse, { exitCode: 0 });
    const { page } = await open(`/${site().entity}/${sweep.project}/runs/${worse.name}`);
    const ending = page.locator("#ending");
    await ending.getByText("It was stopped early").waitFor();
    expect(await ending.textContent()).toContain("0.25");
  });

  test("failures with the same words stand together with what they printed; Retry puts them back and the sweep runs again", async () => {
    const { page, troubles } = await open(`${failing.path}?tab=agents`);
    const panel = page.locator("#failures");
    await panel.getByText("3×").waitFor();
    expect(await panel.getByRole("listitem").first().textContent()).toContain("CUDA out of memory");
    await panel.getByRole("button", { name: "Retry these 3" }).click();
    await page.getByText("3 runs back in the queue").waitFor();
    await panel.getByText("1 run", { exact: true }).waitFor();
    const again = await claim(failing, 2);
    expect(again.map(({ attempt }) => attempt)).toEqual([2, 2]);
    for (const run of again) await site().driver.finish(run, { series: { loss: [0.4] } });
    await panel.getByRole("button", { name: "Retry failed" }).click();
    await panel.getByText("No run has failed.").waitFor();
    expect(troubles).toEqual([]);
  });

  test("the best run can be run once more: its command stands there to be copied, quoted for a shell", async () => {
    const { page } = await open(failing.path);
    const best = page.locator("#best");
    expect(await best.locator("code").textContent()).toBe(`python train.py --lr=0.1 '--note=it'\\''s fine'`);
    await best.getByRole("link").first().click();
    const ranks = page.getByRole("navigation", { name: "Runs by rank" });
    await ranks.getByText(/place 1 of \d by loss/).waitFor();
    await ranks.getByRole("link", { name: /Next worse/ }).click();
    await page.getByText(/place 2 of \d by loss/).waitFor();
  });
});

describe("beginning from runs", () => {
  test("a clone is narrowed to what the chosen runs span and begins with their results", async () => {
    const source = `# wide\nmethod: random\nprogram: train.py\nseed: 3\nmetric: {name: loss}\nparameters:\n  x: {min: 0.0, max: 100.0} # wide\n`;
    const sweep = await begin("cloned", source);
    const claims = await claim(sweep, 3);
    for (const [i, run] of claims.entries()) await site().driver.finish(run, { series: { loss: [i] } });
    const xs = claims.map(({ params }) => Number(JSON.parse(params).x)).sort((a, b) => a - b);
    const names = claims.map(({ name }) => name).join(",");
    const { page } = await open(`/${site().entity}/cloned/sweeps/new?from=${sweep.sweepId}&runs=${names}`);
    await page.locator(".cm-content").waitFor();
    const text = (await page.locator(".cm-content").textContent()) ?? "";
    expect(text).toContain("# wide");
    expect(text).toContain(`min: ${xs[0]}`);
    await page.locator("#begins-with").getByText("3 runs").waitFor();
    await page.getByRole("button", { name: "Create sweep" }).click();
    await page.waitForURL(/\/sweeps\/[a-z0-9]{8}$/);
    const id = page.url().split("/").at(-1) ?? "";
    const { sweep: made } = await site().driver.send(PRIORS, { id });
    expect(made?.priorRuns.length).toBe(3);
  });

  test("a guess is made from what the project's runs used, says of how many, and parses", async () => {
    const { page, troubles } = await open(`/${site().entity}/cloned/sweeps/new`);
    await page.locator(".cm-content").waitFor();
    await page.getByRole("button", { name: "Guess from this project's runs" }).click();
    await page.getByText("Made from the newest 3 runs of this project").waitFor();
    await page.locator("#understood").getByText("1 parameters, 1 vary").waitFor();
    expect(await page.locator("#understood").textContent()).toContain("minimize loss");
    expect(troubles).toEqual([]);
  });
});

const PRIORS = toDocument<{ sweep: { priorRuns: { name: string }[] } | null }, { id: string }>(/* GraphQL */ `
  query Priors($id: ID!) { sweep(id: $id) { priorRuns { name } } }
`);
