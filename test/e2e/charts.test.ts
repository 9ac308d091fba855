import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { ChartLines } from "@/graphql/operations/charts";
import { idOf } from "@/graphql/operations/document";
import { LOOKS, screenshot, untilQuiet } from "../support/browser";
import { type SeededSweep, seedSweep } from "../support/seed-sweep";
import { violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite();
/** The server may be busy: these are no promises about speed. */
const PATIENTLY = { timeout: 30_000 };

const SPIKE = { step: 5_003, value: 9 };
/** 100 runs of 10,000 points with one spike; and few short ones, with a metric that is never above zero. */
let long: SeededSweep;
let short: SeededSweep;

beforeAll(async () => {
  const { databaseUrl } = site();
  long = await seedSweep(databaseUrl, {
    runs: 100,
    project: "charts",
    seed: 1,
    metrics: ["train/loss"],
    histories: { runs: 100, points: 10_000, spike: SPIKE },
  });
  short = await seedSweep(databaseUrl, {
    runs: 12,
    project: "charts",
    seed: 2,
    steps: 40,
    metrics: ["train/loss", "train/accuracy"],
    histories: { runs: 12 },
  });
}, 300_000);

const pathOf = ({ path }: SeededSweep, search: string) => `${path}?tab=charts${search}`;
const chartOf = (page: Page, metric: string) => page.locator(`[data-metric="${metric}"]`);
const plotOf = (page: Page, metric: string) => chartOf(page, metric).locator("figure .touch-pan-y");

/** The answers of the histories' query, as they come. */
function listen(page: Page): { at: number; bytes: number; series: Series[] }[] {
  const answers: { at: number; bytes: number; series: Series[] }[] = [];
  page.on("response", async (response) => {
    if (!response.request().postData()?.includes(idOf(ChartLines))) return;
    const text = await response.text().catch(() => "");
    const parsed = JSON.parse(text || "{}") as { data?: { histories: { series: Series[] } } };
    answers.push({ at: Date.now(), bytes: text.length, series: parsed.data?.histories.series ?? [] });
  });
  return answers;
}
interface Series {
  runId: string;
  key: string;
  total: number;
  points: { x: number[] } | null;
  buckets: { lastStep: number[]; max: number[] } | null;
}

/** From the moment the browser has the whole answer of the histories to the painted canvas. */
async function drawTime(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const canvas = document.querySelector<HTMLCanvasElement>("canvas[data-lines]");
    const painted = await new Promise<number>((resolve) => {
      const look = () => {
        const found = document.querySelector<HTMLCanvasElement>("canvas[data-lines]") ?? canvas;
        if (found && found.width > 0 && found.dataset.painted) resolve(Number(found.dataset.painted));
        else requestAnimationFrame(look);
      };
      look();
    });
    const ends = performance
      .getEntriesByType("resource")
      .filter((entry) => entry.name.endsWith("/graphql"))
      .map((entry) => (entry as PerformanceResourceTiming).responseEnd)
      .filter((end) => end <= painted);
    return painted - Math.max(...ends);
  });
}

describe("charts of a hundred long runs", () => {
  test("25: 100 runs of 10,000 points are drawn within 500 ms of their arrival, in at most 1,500 a line, and a spike of one step is seen", async () => {
    const took: number[] = [];
    for (let round = 0; round < 3 && !took.some((ms) => ms < 500); round++) {
      const { page, troubles } = await open(pathOf(long, "&ch.n=100&ch.q=val/loss"));
      const answers = listen(page);
      await page.reload();
      await chartOf(page, "val/loss").locator("canvas[data-lines='100']").waitFor();
      took.push(await drawTime(page));
      const series = answers.flatMap((answer) => answer.series);
      expect(series).toHaveLength(100);
      for (const { total, points, buckets } of series) {
        expect(total).toBe(10_000);
        expect(points).toBeNull();
        expect(buckets?.lastStep.length).toBeLessThanOrEqual(1_500);
        expect(buckets?.lastStep.length).toBeGreaterThan(600);
      }
      // The spike stands above all lines: nothing else reaches into the upper half.
      expect(await inkIn(chartOf(page, "val/loss"), { from: 0.05, to: 0.5 })).toBeGreaterThan(0);
      expect(await chartOf(page, "val/loss").textContent()).toMatch(/showing [\d,]+ of 1,000,000 points/);
      expect(troubles).toEqual([]);
    }
    expect(Math.min(...took)).toBeLessThan(500);
  });

  test("26: a tenth of the axis is read anew, and a range of fewer than 1,500 points shows every point", async () => {
    const { page } = await open(pathOf(long, "&ch.n=10&ch.q=val/loss"));
    const answers = listen(page);
    await chartOf(page, "val/loss").getByRole("img").waitFor();
    const box = await boxOf(plotOf(page, "val/loss"));
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => answers.at(-1)?.series[0]?.points?.x.length, PATIENTLY).toBeDefined();
    for (const { total, points } of answers.at(-1)?.series ?? []) {
      expect(total).toBeGreaterThan(900);
      expect(total).toBeLessThan(1_200);
      expect(points?.x.length).toBe(total);
    }
    expect(new URL(page.url()).searchParams.get("ch.range")).toMatch(/^\d+~\d+$/);
    await page.keyboard.press("Escape");
    await expect.poll(() => new URL(page.url()).searchParams.get("ch.range"), PATIENTLY).toBeNull();
    // The same by keyboard alone.
    await page.getByLabel("From step").fill("2000");
    await page.getByLabel("To step").fill("2100");
    await page.keyboard.press("Enter");
    await expect.poll(() => answers.at(-1)?.series[0]?.points?.x.length, PATIENTLY).toBe(101);
  });
});

describe("charts of short runs", () => {
  test("27: smoothing changes the curve within 100 ms above the raw one, begins where it begins, and at 0 is the raw data", async () => {
    const { page, troubles } = await open(pathOf(short, "&ch.n=10&ch.q=train/loss"));
    const chart = chartOf(page, "train/loss");
    await chart.getByRole("img").waitFor();
    const paths = () =>
      chart
        .locator("svg[role=img] path")
        .evaluateAll((all) => all.map((path) => path.getAttribute("d") ?? ""));
    const raw = await paths();
    const slider = page.getByLabel("Smoothing");
    const took = () =>
      slider.evaluate(async (input: HTMLInputElement) => {
        const svg = document.querySelector('[data-metric="train/loss"] svg[role=img]');
        const changed = new Promise<number>((resolve) => {
          const observer = new MutationObserver(() => {
            observer.disconnect();
            resolve(performance.now());
          });
          if (svg) observer.observe(svg, { subtree: true, attributes: true, childList: true });
        });
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
        set?.call(input, String(Number(input.value) + 0.3));
        const start = performance.now();
        input.dispatchEvent(new Event("input", { bubbles: true }));
        return (await changed) - start;
      });
    expect(Math.min(await took(), await took(), await took())).toBeLessThan(100);
    const smoothed = await paths();
    // Each line twice: its ghost is the raw one, and both begin at one point.
    expect(smoothed).toHaveLength(2 * raw.length);
    for (const path of raw) expect(smoothed).toContain(path);
    const begin = (path: string) => path.split("L")[0];
    for (const path of smoothed) expect(raw.map(begin)).toContain(begin(path));
    expect(smoothed.filter((path) => !raw.includes(path))).toHaveLength(raw.length);
    await slider.fill("0");
    await expect.poll(paths, PATIENTLY).toEqual(raw);
    expect(troubles).toEqual([]);
  });

  test("28: a log axis leaves out what is zero or below, says how many, and never draws NaN", async () => {
    const { page } = await open(pathOf(short, "&ch.log=1&ch.logx=1"));
    await chartOf(page, "train/loss").getByRole("img").waitFor();
    // Step 0 of each of the 12 runs.
    await chartOf(page, "train/loss")
      .getByText("12 points at zero or below on the log x axis left out.")
      .waitFor();
    for (const path of await page.locator("#charts figure path").all())
      expect(await path.getAttribute("d")).not.toContain("NaN");
    await expect.poll(() => page.locator("#charts figure .touch-pan-y").count(), PATIENTLY).toBe(3);
  });

  test("29: pointing at one chart shows the same step with that run's value on every other", async () => {
    const { page } = await open(pathOf(short, "&ch.n=10"));
    await chartOf(page, "val/loss").getByRole("img").waitFor();
    await chartOf(page, "train/accuracy").getByRole("img").waitFor();
    await plotOf(page, "val/loss").scrollIntoViewIfNeeded();
    const box = await boxOf(plotOf(page, "val/loss"));
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
    const tips = page.locator("[data-tip]");
    await expect.poll(() => tips.count(), PATIENTLY).toBe(3);
    const texts = await tips.allTextContents();
    const steps = texts.map((text) => /step (\d+)/.exec(text)?.[1]);
    expect(new Set(steps).size).toBe(1);
    expect(Number(steps[0])).toBeGreaterThan(10);
    const names = texts.map((text) => /step \d+(.*)$/.exec(text)?.[1]);
    expect(new Set(names).size).toBe(1);
    expect(await page.locator("[data-crosshair]").count()).toBe(3);
    // A run that has the focus in the legend comes to the front too.
    await page.getByRole("list", { name: "Lines" }).getByRole("link").nth(2).focus();
    await expect
      .poll(() => chartOf(page, "train/loss").locator("svg[role=img] g[opacity]").count(), PATIENTLY)
      .toBe(9);
  });

  test("30: fewer runs or points than there are is said; all of them is not", async () => {
    const { page } = await open(pathOf(short, "&ch.n=10"));
    await page.getByText(/^showing 10 of 12 runs/).waitFor();
    await page.getByLabel("How many runs").selectOption("20");
    await page.getByText(/^showing 10 of 12 runs/).waitFor({ state: "detached" });
    expect(
      await page
        .locator("#charts")
        .getByText(/^showing/)
        .count(),
    ).toBe(0);
  });

  test("32: a chart's SVG, PNG and CSV are what is shown, a row a point with every digit", async () => {
    const { page } = await open(pathOf(short, "&ch.n=10&ch.range=5~14&ch.q=train/loss"));
    const chart = chartOf(page, "train/loss");
    await chart.getByRole("img").waitFor();
    const save = async (what: string) => {
      await chart.getByRole("button", { name: "Export train/loss" }).click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: what }).click(),
      ]);
      return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
    };
    const csv = await save("CSV");
    expect(csv.name).toBe("train-loss.csv");
    const [head, ...rows] = csv.content.toString().trim().split("\r\n");
    expect(head).toBe("run,step,train/loss");
    expect(rows).toHaveLength(10 * 10);
    expect(rows.every((row) => row.split(",")[2] === String(Number(row.split(",")[2])))).toBe(true);
    expect(rows.some((row) => (row.split(",")[2] ?? "").length > 12)).toBe(true);
    expect((await save("SVG")).content.toString()).toMatch(/^<svg[^>]*>[\s\S]*train\/loss/);
    expect((await save("PNG")).content.subarray(1, 4).toString()).toBe("PNG");
  });

  test("34: groups, axis, smoothing and folded sections stand in the address and come back from it", async () => {
    const { page } = await open(pathOf(short, "&ch.n=10"));
    await page.getByLabel("Group the runs").selectOption({ label: "By optimizer.name" });
    await page.getByLabel("Band of a group").selectOption("sd");
    await page.getByLabel("Along x").selectOption("elapsed");
    const fold = (on: Page) =>
      on.getByRole("region", { name: "val", exact: true }).getByRole("button", { name: /^val/ });
    await fold(page).click();
    const legend = await page.getByRole("list", { name: "Lines" }).textContent();
    expect(legend).toMatch(/optimizer\.name = \w+\d+ runs?/);
    await expect.poll(() => page.url(), PATIENTLY).toContain("ch.fold=val");
    const { page: other } = await open(page.url());
    await chartOf(other, "train/loss")
      .getByText(/^The line is the mean of the runs, the band one standard deviation/)
      .waitFor();
    expect(await other.getByRole("list", { name: "Lines" }).textContent()).toBe(legend);
    expect(await fold(other).getAttribute("aria-expanded")).toBe("false");
    await other.getByRole("img", { name: /^train\/loss by time/ }).waitFor();
  });

  test("39: axe-core finds nothing on charts, full size and the comparison, in both themes and on a phone", async () => {
    const names = [...short.runNames.slice(0, 3), long.runNames[0]].join();
    for (const { look, ...rest } of LOOKS) {
      const { page, troubles } = await open(pathOf(short, ""), rest);
      await chartOf(page, "train/loss").scrollIntoViewIfNeeded();
      await chartOf(page, "train/loss").getByRole("img").waitFor();
      expect(await violationsOn(page), look).toEqual([]);
      await screenshot(page, `charts-${look}`);
      await page.getByRole("button", { name: "Full size: train/loss" }).click();
      await page
        .getByRole("dialog")
        .getByRole("img", { name: /^train\/loss/ })
        .waitFor();
      expect(await violationsOn(page), look).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
      await page.goto(`/${site().entity}/charts/compare?runs=${names}`);
      await chartOf(page, "train/loss").scrollIntoViewIfNeeded();
      await chartOf(page, "train/loss").getByRole("img").waitFor();
      expect(await violationsOn(page), look).toEqual([]);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
      await screenshot(page, `compare-${look}`);
      expect(troubles).toEqual([]);
    }
  });
});

test("runs of two sweeps stand side by side: what differs first, against one of them, with one colour each", async () => {
  const names = [short.runNames[0], short.runNames[1], long.runNames[0]];
  const address = `/${site().entity}/charts/compare?runs=${names.join()},nobody`;
  const { page: plain } = await open(address, { javaScriptEnabled: false });
  const table = (page: Page) => page.getByRole("region", { name: "Runs side by side" });
  expect(await table(plain).locator("thead th").count()).toBe(4);
  await plain.getByText("No run here is called nobody.").waitFor();

  const { page, troubles } = await open(address);
  const rows = () => table(page).locator("tbody tr[data-differs]");
  const first = await rows().first().getAttribute("data-differs");
  expect(first).toBe("true");
  const all = await rows().count();
  await page.getByRole("button", { name: "Differences only" }).click();
  await expect.poll(() => rows().count(), PATIENTLY).toBeLessThan(all);
  expect(await table(page).locator("tr[data-differs=false]").count()).toBe(0);
  await page.getByLabel("Reference run").selectOption(String(names[0]));
  const lr = table(page).getByRole("row", { name: /^lr / });
  expect(await lr.locator("td").nth(0).locator("span").count()).toBe(0);
  expect(await lr.locator("td").nth(1).textContent()).toMatch(/[+−]/);
  await chartOf(page, "val/loss")
    .getByRole("img", { name: /3 lines/ })
    .waitFor();
  await table(page)
    .getByRole("link", { name: /^Take .* out/ })
    .first()
    .click();
  await expect.poll(() => table(page).locator("thead th").count(), PATIENTLY).toBe(3);
  await untilQuiet(page);
  await page.getByLabel("Add a run by its name").fill(String(names[0]));
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect.poll(() => table(page).locator("thead th").count(), PATIENTLY).toBe(4);
  // What was chosen stays while runs come and go.
  expect(await page.getByLabel("Reference run").inputValue()).toBe(String(names[0]));
  await page.getByRole("button", { name: "Differences only" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("diff"), PATIENTLY).toBeNull();
  expect(new URL(page.url()).searchParams.get("runs")?.split(",")).toHaveLength(3);
  expect(troubles).toEqual([]);
});

async function boxOf(of: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await of.boundingBox();
  if (!box) throw new Error("the plot is not on the screen");
  return box;
}

/** Painted pixels of the chart's canvas between two heights, as fractions from its top. */
const inkIn = (chart: Locator, { from, to }: { from: number; to: number }): Promise<number> =>
  chart.locator("canvas[data-lines]").evaluate(
    (canvas: HTMLCanvasElement, [top, bottom]) => {
      const context = canvas.getContext("2d");
      if (!context) return 0;
      const [y, height] = [Math.round(canvas.height * top), Math.round(canvas.height * (bottom - top))];
      const { data } = context.getImageData(0, y, canvas.width, height);
      let inked = 0;
      for (let i = 3; i < data.length; i += 4) if ((data[i] ?? 0) > 100) inked++;
      return inked;
    },
    [from, to] as const,
  );
