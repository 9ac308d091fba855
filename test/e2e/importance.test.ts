import { expect, test } from "vitest";
import { LOOKS, screenshot } from "../support/browser";
import { DIGITS_SWEEP, finishMany, train } from "../support/seed";
import { violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite();

test("31: importance says how many more runs it takes, then which parameter matters, how surely and which way, live", async () => {
  const { driver, entity } = site();
  const sweep = await driver.createSweep(DIGITS_SWEEP, { project: "importance" });
  const agentId = await driver.registerAgent(sweep.id, "gpu-box-1");
  const finish = async (count: number) => {
    for (const claim of await driver.claim(sweep.id, agentId, count))
      await driver.finish(claim, { series: train(JSON.parse(claim.params)) });
  };
  await finish(4);
  const { page, troubles } = await open(`/${entity}/importance/sweeps/${sweep.id}`);
  const panel = page.locator("#importance");
  await panel.scrollIntoViewIfNeeded();
  await panel.getByText("6 more runs with a value of accuracy must finish").waitFor();
  expect(await panel.locator("table").count()).toBe(0);

  await finishMany(driver, sweep.id, agentId, 60);
  await panel.getByText("From 64 finished runs", { exact: false }).waitFor();
  const bars = panel.locator("table").first();
  const names = await bars.locator("tbody th").allInnerTexts();
  expect(names).toHaveLength(3);
  expect(names[0]).toBe("lr");
  const shares = (await bars.locator("tbody td:nth-child(2)").allInnerTexts()).map((text) =>
    Number(/\d+/.exec(text)?.[0]),
  );
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  for (const text of await bars.locator("tbody td:nth-child(4)").allInnerTexts())
    expect(text).toMatch(/[+−]\d\.\d\d/);
  expect(await panel.locator("p").first().textContent()).toMatch(
    /^lr explains \d+ % (± \d+|\(\d+ % to \d+ %\)) of the variation in accuracy/,
  );

  await panel.getByRole("button", { name: "lr", exact: true }).click();
  await panel.getByRole("img", { name: /accuracy along lr/ }).waitFor();
  expect(new URL(page.url()).searchParams.get("im.of")).toBe("lr");

  // Three parameters: three pairs below the diagonal, and the same as a table.
  const map = panel.getByRole("img", { name: /[Tt]ogether|No two parameters/ });
  expect(await map.locator("rect").count()).toBe(6);
  await panel.getByText("Show as table").last().click();
  expect(await panel.getByRole("region").locator("tbody tr").count()).toBe(3);
  await panel.getByText("Hide the table").last().click();
  for (const { look, viewport, colorScheme } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(await violationsOn(page)).toEqual([]);
    await panel.scrollIntoViewIfNeeded();
    await screenshot(page, `importance-${look}`, false);
    await map.scrollIntoViewIfNeeded();
    await screenshot(page, `importance-map-${look}`, false);
  }
  expect(troubles).toEqual([]);
});

test("31: the method is picked in the panel and stands in the address; the page's filter counts until one chooses all runs", async () => {
  const { driver, entity } = site();
  const sweep = await driver.createSweep(DIGITS_SWEEP, { project: "importance" });
  const agentId = await driver.registerAgent(sweep.id, "gpu-box-1");
  await finishMany(driver, sweep.id, agentId, 72);
  const { page, troubles } = await open(`/${entity}/importance/sweeps/${sweep.id}`);
  const panel = page.locator("#importance");
  await panel.scrollIntoViewIfNeeded();
  const sentence = panel.locator("p").first();
  await panel.getByText("From 72 finished runs", { exact: false }).waitFor();

  const method = panel.getByLabel("Method");
  await method.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await panel.getByText("What tells the best", { exact: false }).waitFor();
  await expect.poll(() => new URL(page.url()).searchParams.get("im.method")).toBe("good");
  expect(await panel.getByRole("img", { name: /[Tt]ogether|No two parameters/ }).count()).toBe(0);
  expect(await panel.getByLabel("Measure of importance").count()).toBe(0);
  await panel.getByText("What tells the best 25 % of the runs", { exact: false }).waitFor();
  await panel.getByLabel("How many are the best").selectOption("50");
  await panel.getByText("What tells the best 50 % of the runs", { exact: false }).waitFor();
  await expect.poll(() => new URL(page.url()).searchParams.get("im.best")).toBe("50");
  await screenshot(page, "importance-good", false);
  await method.selectOption("gp");
  await panel.getByText("of the variation in accuracy", { exact: false }).first().waitFor();
  await panel.getByRole("img", { name: /[Tt]ogether|No two parameters/ }).waitFor();
  await screenshot(page, "importance-gp", false);
  await page.reload();
  await panel.scrollIntoViewIfNeeded();
  expect(await method.inputValue()).toBe("gp");
  await method.selectOption("forest");

  const runs = panel.getByLabel("Which runs");
  expect(await runs.inputValue()).toBe("all");
  await page.goto(`${new URL(page.url()).pathname}?q=${encodeURIComponent("hidden>=32")}`);
  await panel.scrollIntoViewIfNeeded();
  await panel.getByText(/From \d+ finished runs that pass the filter/).waitFor();
  expect(await runs.inputValue()).toBe("filtered");
  await runs.selectOption("all");
  await panel.getByText(/From 72 finished runs[^t]/).waitFor();
  await panel.getByLabel("Unfinished runs").selectOption("worst");
  await panel.getByText("From 72 runs that have ended", { exact: false }).waitFor();
  expect(await sentence.textContent()).toMatch(/^lr /);
  expect(troubles).toEqual([]);
});

test("31: as runs end new answers take the place of old ones, and nothing on the page moves", async () => {
  const { driver, entity } = site();
  const sweep = await driver.createSweep(DIGITS_SWEEP, { project: "importance" });
  const agentId = await driver.registerAgent(sweep.id, "gpu-box-1");
  await finishMany(driver, sweep.id, agentId, 72);
  const { page, troubles } = await open(`/${entity}/importance/sweeps/${sweep.id}`);
  const panel = page.locator("#importance");
  await panel.scrollIntoViewIfNeeded();
  await panel.getByText("From 72 finished runs", { exact: false }).waitFor();
  const height = async () => (await panel.boundingBox())?.height;
  const before = await height();
  await page.evaluate(() => {
    const seen = { gone: 0, shifted: 0 };
    Object.assign(window, { seen });
    const panel = document.querySelector("#importance");
    if (!panel) throw new Error("no panel");
    new MutationObserver(() => {
      if (panel.textContent?.includes("Computing")) seen.gone++;
    }).observe(panel, { childList: true, subtree: true, characterData: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        sources?: { node?: Node }[];
      })[])
        if (entry.sources?.some(({ node }) => node && panel.contains(node))) seen.shifted += entry.value;
    }).observe({ type: "layout-shift" });
  });
  // Not to the end, which the head of the page tells above all panels.
  await finishMany(driver, sweep.id, agentId, 8);
  await panel.getByText("From 80 finished runs", { exact: false }).waitFor();
  await finishMany(driver, sweep.id, agentId, 8);
  await panel.getByText("From 88 finished runs", { exact: false }).waitFor();
  expect(await height()).toBe(before);
  const seen = await page.evaluate(
    () => (window as unknown as { seen: { gone: number; shifted: number } }).seen,
  );
  expect(seen.gone).toBe(0);
  expect(seen.shifted).toBeLessThan(0.01);
  expect(troubles).toEqual([]);
});
