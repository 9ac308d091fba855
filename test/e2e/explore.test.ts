import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { LOOKS, PHONE, screenshot } from "../support/browser";
import { PLAIN_SOURCE, type SeededSweep, seedSweep } from "../support/seed-sweep";
import { untilLive, violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite();

const RUNS = 60;
/** A tenth has not started and a tenth has failed. */
let seeded: Promise<SeededSweep> | undefined;
const sweep = (): Promise<SeededSweep> => {
  seeded ??= seedSweep(site().databaseUrl, {
    source: PLAIN_SOURCE,
    runs: RUNS,
    agents: 3,
    shares: { pending: 0.1, failed: 0.1 },
  });
  return seeded;
};

async function openTab(tab: string, rest = "", options = {}) {
  const { path } = await sweep();
  const opened = await open(`${path}?tab=${tab}${rest}`, options);
  await untilLive(opened.page);
  return opened;
}

async function save(page: Page, panel: string, kind: "PNG" | "SVG" | "CSV"): Promise<Buffer> {
  await page
    .locator(panel)
    .getByRole("button", { name: /^Export/ })
    .click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: kind }).click(),
  ]);
  return readFile(await download.path());
}

const rowsOf = (csv: Buffer): string[][] =>
  csv
    .toString()
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));

const dotsIn = (page: Page, panel: string): Locator => page.locator(panel).getByRole("application").first();

describe("charts of runs", () => {
  test("30: what is not drawn is counted beside the chart", async () => {
    const { page } = await openTab("explore");
    const drawn = rowsOf(await save(page, "#scatter", "CSV")).length - 1;
    expect(drawn).toBeGreaterThan(30);
    expect(drawn).toBeLessThan(RUNS);
    await page.locator("#scatter").getByText(`showing ${drawn} of ${RUNS} runs`, { exact: true }).waitFor();
    // A run far off the others counts there as the edge of the shades.
    const shaded = rowsOf(await save(page, "#contour", "CSV")).length - 1;
    expect(await page.locator("#contour").textContent()).toContain(`showing ${shaded} of ${RUNS} runs`);
  });

  test("32: each is saved as PNG, SVG and CSV of what it shows", async () => {
    const { page, troubles } = await openTab("explore");
    for (const panel of ["#scatter", "#slices", "#contour"]) {
      const png = await save(page, panel, "PNG");
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      const svg = (await save(page, panel, "SVG")).toString();
      expect(png.readUInt32BE(16)).toBe(2 * Number(/width="(\d+)"/.exec(svg)?.[1]));
      expect(svg).toContain("val/loss");
      expect(svg).toContain("#faf9f6");
      expect(svg).not.toMatch(/var\(|light-dark|NaN/);
      const [head, ...rows] = rowsOf(await save(page, panel, "CSV"));
      const values = rows.map((row) => row[head?.indexOf("val/loss") ?? -1] ?? "");
      expect(values.every((value) => Number.isFinite(Number(value)))).toBe(true);
      expect(values.some((value) => value.length > 12)).toBe(true);
    }
    // What is filtered away is in no file.
    const low = new URL(page.url());
    low.searchParams.set("b.p.layers", "1..2");
    await page.goto(low.href);
    const layers = rowsOf(await save(page, "#slices", "CSV"));
    const at = layers[0]?.indexOf("layers") ?? -1;
    expect(layers.length).toBeGreaterThan(3);
    expect(layers.slice(1).every((row) => Number(row[at]) <= 2)).toBe(true);
    expect(troubles).toEqual([]);
  });

  test("19: a row that is pointed at is ringed in each chart, and a dot that is pointed at marks its row", async () => {
    const { page } = await openTab("explore", "&sort=objective");
    const row = page.locator("#runs tbody tr[data-run]").first();
    const id = await row.getAttribute("data-run");
    await row.hover();
    for (const panel of ["#scatter", "#slices", "#contour"])
      await page.locator(`${panel} [data-pointed="${id}"]`).first().waitFor({ state: "attached" });
    const ring = page.locator(`#scatter [data-pointed="${id}"]`);
    const place = await ring.evaluate((one) => {
      const [own, plot] = [one.getBoundingClientRect(), one.parentElement?.getBoundingClientRect()];
      return plot && { x: own.x + own.width / 2 - plot.x, y: own.y + own.height / 2 - plot.y };
    });
    await page.mouse.move(0, 0);
    await ring.waitFor({ state: "detached" });
    // The sorted table's first row is among those that are drawn: its dot is found under the pointer again.
    const plot = dotsIn(page, "#scatter");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    if (!box || !place) throw new Error("the plot has no place");
    await page.mouse.move(box.x + place.x, box.y + place.y);
    await page.locator(`#slices [data-pointed="${id}"]`).first().waitFor({ state: "attached" });
    await page.locator(`#runs tr[data-run="${id}"][data-pointed]`).waitFor({ state: "attached" });
  });

  test("a rectangle leaves in the table the runs inside it, and Back undoes it", async () => {
    const { page } = await openTab("explore");
    const plot = dotsIn(page, "#scatter");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    if (!box) throw new Error("the plot has no place");
    await page.mouse.move(box.x + box.width * 0.2, box.y + 1);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5, { steps: 4 });
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height - 1, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/b\.f\.created=/);
    const inside = rowsOf(await save(page, "#scatter", "CSV")).length - 1;
    expect(inside).toBeGreaterThan(3);
    expect(inside).toBeLessThan(40);
    await page.goBack();
    await page.waitForURL((url) => !url.searchParams.has("b.f.created"));
    expect(rowsOf(await save(page, "#scatter", "CSV")).length - 1).toBeGreaterThan(inside);
  });

  test("ends of a range are typed where nobody drags", async () => {
    const { page } = await openTab("explore", "&ex.x=p.layers");
    await page.getByText("Choose a range by numbers").click();
    await page.getByLabel("layers from").fill("3");
    await page.getByLabel("layers to").fill("4");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.waitForURL(/b\.p\.layers=3\.\.4/);
  });

  test("arrow keys go from run to run, and Enter opens one", async () => {
    const { page } = await openTab("explore");
    await dotsIn(page, "#scatter").focus();
    await page.keyboard.press("Home");
    const first = await page.locator("#scatter [data-pointed]").getAttribute("data-pointed");
    await page.keyboard.press("ArrowRight");
    const second = await page.locator("#scatter [data-pointed]").getAttribute("data-pointed");
    expect(second).not.toBe(first);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/runs\//);
  });
});

describe("the timeline", () => {
  test("32: shows who worked when, zooms by its buttons, and is saved", async () => {
    const { page, troubles } = await openTab("timeline");
    const all = rowsOf(await save(page, "#timeline", "CSV"));
    expect(all.length - 1).toBe(RUNS * 0.9);
    expect(await page.locator("#timeline").textContent()).toContain(`showing ${RUNS * 0.9} of ${RUNS} runs`);
    expect(new Set(all.slice(1).map(([agent]) => agent)).size).toBe(3);
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.waitForURL(/tl=/);
    expect(rowsOf(await save(page, "#timeline", "CSV")).length).toBeLessThan(all.length);
    const svg = (await save(page, "#timeline", "SVG")).toString();
    expect(svg).toContain("agents worked on");
    expect(svg).not.toMatch(/var\(|light-dark|NaN/);
    const bars = dotsIn(page, "#timeline");
    await bars.press("ArrowRight");
    await bars.press("ArrowRight");
    expect(await page.locator("#timeline [data-pointed]").count()).toBe(1);
    await bars.press("Enter");
    await page.waitForURL(/\/runs\//);
    expect(troubles).toEqual([]);
  });
});

describe("what everybody can use", () => {
  test("39: Explore and Timeline have no violation, light and dark, and fit on a phone", async () => {
    for (const { look, ...rest } of LOOKS)
      for (const tab of ["explore", "timeline"]) {
        const { page } = await openTab(tab, "", rest);
        expect(await violationsOn(page)).toEqual([]);
        if (rest.viewport.width === PHONE.width)
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
          ).toBeLessThanOrEqual(0);
        await screenshot(page, `sweep-${tab}-${look}`);
      }
  });
});
