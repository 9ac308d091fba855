import AxeBuilder from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launchBrowser, type OpenPage, openPage } from "./browser";
import { joinSite } from "./shared-site";
import { openSite, type Site } from "./site";

export type OpenOptions = Omit<Parameters<typeof openPage>[1], "baseURL"> & { baseURL?: string };

export interface Visit {
  site(): Site;
  browser(): Browser;
  /** A fresh profile at this path, signed in unless another session (or none) is given. */
  open(path: string, options?: OpenOptions): Promise<OpenPage>;
}

/**
 * A site and a browser for the file; each test has profiles of its own. The site is the one that all files share, since a start
 * costs a quarter of a minute: tests keep to projects of their own names. `own` for a file that needs an empty server, or
 * does something to accounts.
 */
export function visitSite({ own = false } = {}): Visit {
  let site: Site | undefined;
  let browser: Browser | undefined;
  const opened: OpenPage[] = [];
  const present = <T>(thing: T | undefined): T => {
    if (thing === undefined) throw new Error("the site is not open yet");
    return thing;
  };
  beforeAll(async () => {
    [site, browser] = await Promise.all([own ? openSite() : joinSite(), launchBrowser()]);
  }, 240_000);
  afterEach(async () => {
    for (const { context } of opened.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  return {
    site: () => present(site),
    browser: () => present(browser),
    async open(path, options = {}) {
      const { url, session } = present(site);
      const one = await openPage(present(browser), { baseURL: url, session, ...options });
      opened.push(one);
      awaitEvent(one.page);
      await one.page.goto(path);
      return one;
    },
  };
}

const events = new WeakMap<Page, Promise<void>>();

function awaitEvent(page: Page): void {
  const heard = new Promise<void>((resolve) => {
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (String(payload).includes('"type":"next"')) resolve();
      }),
    );
  });
  events.set(page, heard);
}

/** The page has heard from a subscription: what changes from now on arrives. */
export async function untilLive(page: Page): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("no subscription has brought anything for 60 s")), 60_000).unref();
  });
  await Promise.race([events.get(page), late]);
}

/** Everything that axe-core finds, of whatever weight; on the whole page, or within what this selector finds. */
export async function violationsOn(page: Page, within?: string): Promise<string[]> {
  await page.evaluate(AxeBuilder.source);
  return page.evaluate(async (selector) => {
    const { axe } = window as unknown as { axe: typeof AxeBuilder };
    const { violations } = await axe.run(selector ?? document);
    return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 160)}`);
  }, within);
}
