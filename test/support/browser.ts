import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Debian's Chromium: playwright-core brings no browser of its own. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find(existsSync);
  if (!executablePath)
    throw new Error("no Chromium found: apt-get install chromium, or set CHROMIUM to its path");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export interface Look {
  readonly colorScheme: "light" | "dark";
  readonly viewport: typeof WIDE;
  /** For names of files and failures. */
  readonly look: string;
}

/** Each theme and each width once; with BESOM_CI=full each theme at each width, which takes twice as long. */
export const LOOKS: readonly Look[] = (
  [
    { colorScheme: "light", viewport: WIDE, look: "light-wide" },
    { colorScheme: "dark", viewport: PHONE, look: "dark-phone" },
    { colorScheme: "dark", viewport: WIDE, look: "dark-wide" },
    { colorScheme: "light", viewport: PHONE, look: "light-phone" },
  ] as const
).slice(0, process.env.BESOM_CI === "full" ? 4 : 2);

export interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** Uncaught exceptions and errors on the console so far: a test asserts that there are none. */
  troubles: string[];
}

/** A fresh profile, signed in when a session is given. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions & { baseURL: string; session?: { name: string; value: string } },
): Promise<OpenPage> {
  const { session, ...rest } = options;
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: "reduce", ...rest });
  if (session)
    await context.addCookies([{ ...session, url: options.baseURL, httpOnly: true, sameSite: "Lax" }]);
  // Not a promise about speed: on a busy machine the explorer's editor alone takes over 30 s to come.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  if (options.javaScriptEnabled !== false) awaitHydration(page);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    // What could not be loaded is named by its place alone.
    const { url } = message.location();
    if (message.type() === "error")
      troubles.push(
        message.text().startsWith("Failed to load") ? `${message.text()} ${url}` : message.text(),
      );
  });
  return { page, context, troubles };
}

/**
 * A page is there before its scripts are at work, and a click in that moment does nothing, as it does for a person: they click
 * again, a test doesn't. So a page counts as loaded when React has taken over every button and field (but those inside the explorer's editor, which are not React's).
 */
function awaitHydration(page: Page): void {
  const untilAtWork = async () => {
    await page.waitForFunction(() =>
      [...document.querySelectorAll(":is(button, input, select, textarea):not(.monaco-editor *)")].every(
        (element) => Object.keys(element).some((key) => key.startsWith("__reactFiber$")),
      ),
    );
  };
  for (const name of ["goto", "reload"] as const) {
    const load = page[name].bind(page) as (...rest: unknown[]) => ReturnType<Page["goto"]>;
    page[name] = async (...rest: unknown[]) => {
      const response = await load(...rest);
      await untilAtWork();
      return response;
    };
  }
}

/** Until nothing is fetched any more. Not for long: where workers fetch, Chromium loses count now and then, and a page is never idle. */
export async function untilQuiet(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle", { timeout: 5_000 }).catch(() => {});
}

export async function screenshot(page: Page, name: string, fullPage = true): Promise<string> {
  await mkdir("test/output", { recursive: true });
  const path = `test/output/${name}.png`;
  await page.screenshot({ path, fullPage });
  return path;
}
