/**
 * What a chart of 100 runs x 10,000 points costs from the request to the picture: the server's time and the bytes of its
 * answer, then in a real browser, on the page as it is built, from the whole answer to the painted canvas. Goals: 250 ms
 * of the server (bench/history-chart.ts has more of that), 500 ms of drawing, 2 cores and no GPU.
 */
import { ChartLines } from "@/graphql/operations/charts";
import { idOf } from "@/graphql/operations/document";
import { launchBrowser, openPage } from "@/test/support/browser";
import { type SeededSweep, seedSweep } from "@/test/support/seed-sweep";
import { openSite, type Site } from "@/test/support/site";
import { median, ms } from "./support/stage";

const RUNS = 100;
const POINTS = 10_000;
const ROUNDS = 7;

const site = await openSite();
const browser = await launchBrowser();
try {
  await lines(site);
} finally {
  await browser.close();
  await site.close();
}

/** Lines of many runs, on the tab "Charts" of their sweep. */
async function lines({ databaseUrl, url, session }: Site): Promise<void> {
  const sweep = await seedSweep(databaseUrl, {
    runs: RUNS,
    metrics: [],
    histories: { runs: RUNS, points: POINTS },
  });
  const took = { server: [] as number[], draw: [] as number[], bytes: 0 };
  for (let round = -1; round < ROUNDS; round++) {
    const { server, draw, bytes } = await drawOnce(sweep, url, session);
    if (round < 0) continue;
    took.server.push(server);
    took.draw.push(draw);
    took.bytes = bytes;
  }
  console.log(
    `lines, ${RUNS} runs x ${POINTS.toLocaleString("en-US")} points: server ${ms(median(took.server))} (goal 250 ms), ${(took.bytes / 1e6).toFixed(1)} MB of JSON, drawn ${ms(median(took.draw))} after it arrived (goal 500 ms)`,
  );
}

async function drawOnce(sweep: SeededSweep, baseURL: string, session: Site["session"]) {
  const { page, context } = await openPage(browser, { baseURL, session });
  const answered = page.waitForResponse((response) =>
    Boolean(response.request().postData()?.includes(idOf(ChartLines))),
  );
  await page.goto(`${sweep.path}?tab=charts&ch.n=100`);
  const response = await answered;
  const bytes = (await response.body()).length;
  const canvas = page.locator(`canvas[data-lines="${RUNS}"][data-painted]`);
  await canvas.waitFor();
  const painted = Number(await canvas.getAttribute("data-painted"));
  const { responseStart, requestStart, responseEnd } = response.request().timing();
  const origin = await page.evaluate(() => performance.timeOrigin);
  const arrived = response.request().timing().startTime + responseEnd - origin;
  await context.close();
  return { server: responseStart - requestStart, draw: painted - arrived, bytes };
}
