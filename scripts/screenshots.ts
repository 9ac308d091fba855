import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startEmbedded } from "@/db/embedded";
import { launchBrowser, openPage, PHONE, untilQuiet, WIDE } from "@/test/support/browser";
import { fillShowcase, type Showcase } from "@/test/support/showcase";
import { openSite, type Site } from "@/test/support/site";

/**
 * Takes the pictures of docs/screenshots: every page in both themes, wide and on a phone, of the same believable data each
 * time. With names (`npm run screenshots -- sweep run`) those pages alone.
 */
const FOLDER = join(import.meta.dirname, "../docs/screenshots");
/** A picture of 1440 x 900 comes to some 50 kB; text stays sharp. */
const QUALITY = 82;

interface Shot {
  readonly name: string;
  readonly path: string;
  /** Of a wide picture, where 900 px don't show what the page is about. */
  readonly height?: number;
  /** What is done on it before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>;
  /** Nobody's: without a session. */
  readonly stranger?: true;
}

const toShots = ({ tuned, project, grid, waiting, live, failedRun, seeing }: Showcase): Shot[] => [
  { name: "projects", path: "/" },
  { name: "project", path: project },
  { name: "project-runs", path: `${project}?tab=runs` },
  { name: "project-agents", path: `${project}/agents` },
  { name: "sweep", path: tuned.path, height: 1_960 },
  { name: "sweep-charts", path: `${tuned.path}?tab=charts` },
  { name: "sweep-explore", path: `${tuned.path}?tab=explore` },
  { name: "sweep-timeline", path: `${tuned.path}?tab=timeline` },
  { name: "sweep-stopping", path: `${tuned.path}?tab=stopping` },
  { name: "sweep-grid", path: grid },
  { name: "sweep-agents", path: `${live}?tab=agents` },
  { name: "sweep-file", path: `${tuned.path}?tab=file` },
  { name: "sweep-waiting", path: waiting },
  { name: "run", path: `${project}/runs/${tuned.runNames[tuned.runIds.indexOf(tuned.logged[0] ?? 0)]}` },
  { name: "run-failed", path: failedRun },
  {
    name: "run-media",
    path: seeing,
    act: async (page) => {
      await page.locator("#media").evaluate((element) => element.scrollIntoView());
      const slider = page.getByRole("slider", { name: "Step of examples" });
      await slider.focus();
      for (let i = 0; i < 9; i++) await page.keyboard.press("ArrowLeft");
      await page.getByText("7, read as").first().waitFor();
      await untilQuiet(page);
      await slider.blur();
      await page.locator("#media").evaluate((element) => element.scrollIntoView());
    },
  },
  { name: "new-sweep", path: `${project}/sweeps/new?from=${tuned.id}` },
  {
    name: "palette",
    path: tuned.path,
    act: async (page) => {
      await page.keyboard.press("Control+k");
      await page.keyboard.type("resnet");
      await page
        .getByRole("option", { name: /^resnet18 on cifar10, tuned-\d+/ })
        .first()
        .waitFor();
    },
  },
  {
    name: "shortcuts",
    path: live,
    act: async (page) => {
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "project-settings", path: `${project}/settings` },
  { name: "account", path: "/settings" },
  { name: "login", path: "/login", stranger: true },
];

const LOOKS = [
  { colorScheme: "light", width: "wide", viewport: WIDE },
  { colorScheme: "dark", width: "wide", viewport: WIDE },
  { colorScheme: "light", width: "phone", viewport: PHONE },
  { colorScheme: "dark", width: "phone", viewport: PHONE },
] as const;

const wanted = process.argv.slice(2);
// A database of its own: what somebody has on this machine is on no picture.
const dataDir = mkdtempSync(join(tmpdir(), "besom-pictures-"));
const postgres = await startEmbedded({ dataDir, settings: { fsync: "off" } });
const origin = { adminUrl: postgres.url, templateName: "template1", copyStrategy: "wal_log" } as const;
const [site, browser] = await Promise.all([openSite(origin), launchBrowser()]);
let showcase: Showcase | undefined;
try {
  showcase = await fillShowcase(site);
  const shots = toShots(showcase).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (wanted.length === 0) rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const look of LOOKS) await takeAll(site, browser, shots, look);
} finally {
  showcase?.rest();
  await browser.close();
  await site.close();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function takeAll(
  { url, session }: Site,
  browser: Browser,
  shots: readonly Shot[],
  { colorScheme, width, viewport }: (typeof LOOKS)[number],
): Promise<void> {
  for (const { name, path, height, act, stranger } of shots) {
    const { page, context, troubles } = await openPage(browser, {
      baseURL: url,
      colorScheme,
      viewport: width === "wide" && height !== undefined ? { ...viewport, height } : viewport,
      ...(!stranger && { session }),
    });
    await page.goto(path);
    await untilQuiet(page);
    await act?.(page);
    await untilComputed(page);
    // Charts on canvas paint in slices.
    await page.waitForTimeout(600);
    const file = `${name}-${colorScheme}-${width}.webp`;
    const devtools = await context.newCDPSession(page);
    const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
    const picture = Buffer.from(data, "base64");
    writeFileSync(join(FOLDER, file), picture);
    console.log(
      `${file}  ${Math.round(picture.length / 1024)} kB${troubles.map((text) => `\n  ${text}`).join("")}`,
    );
    await context.close();
  }
}

/** Importance is computed when somebody looks for the first time, which is when it comes into the window. */
async function untilComputed(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    [...document.querySelectorAll("p")].every(
      (text) =>
        !text.textContent?.startsWith("Computing from") || text.getBoundingClientRect().top > innerHeight,
    ),
  );
}
