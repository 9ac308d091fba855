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
  const names = await panel.locator("tbody th").allInnerTexts();
  expect(names).toHaveLength(3);
  expect(names[0]).toBe("lr");
  const shares = (await panel.locator("tbody td:nth-child(2)").allInnerTexts()).map((text) =>
    Number(/\d+/.exec(text)?.[0]),
  );
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  for (const text of await panel.locator("tbody td:nth-child(3)").allInnerTexts())
    expect(text).toMatch(/[+−]\d\.\d\d/);
  expect(await panel.locator("p").first().textContent()).toMatch(
    /^lr explains \d+ % ± \d+ of the variation in accuracy/,
  );

  await panel.getByRole("button", { name: "lr", exact: true }).click();
  await panel.getByRole("img", { name: /accuracy along lr/ }).waitFor();
  expect(new URL(page.url()).searchParams.get("im.of")).toBe("lr");
  for (const { look, viewport, colorScheme } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(await violationsOn(page)).toEqual([]);
    await panel.scrollIntoViewIfNeeded();
    await screenshot(page, `importance-${look}`, false);
  }
  expect(troubles).toEqual([]);
});
