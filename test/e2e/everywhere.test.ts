import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { idOf } from "@/graphql/operations/document";
import { CancelSweep, PauseSweep } from "@/graphql/operations/sweep";
import { LOOKS, screenshot } from "../support/browser";
import { DIGITS_SWEEP, train } from "../support/seed";
import { PLAIN_SOURCE, type SeededSweep, seedSweep } from "../support/seed-sweep";
import { untilLive, violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite({ own: true });

/** Ten thousand runs to search in, and a small sweep at work with a failed run. */
let large: SeededSweep;
let small: { id: string; project: string; path: string; run: string };

beforeAll(async () => {
  const { databaseUrl, driver, entity } = site();
  large = await seedSweep(databaseUrl, {
    source: PLAIN_SOURCE.replace("name: seeded", "name: needle"),
    runs: 10_000,
    steps: 3,
    seed: 38,
    project: "ten-thousand",
  });
  const sweep = await driver.createSweep(DIGITS_SWEEP, { project: "everywhere" });
  const agentId = await driver.registerAgent(sweep.id, "gpu-box-1");
  let run = "";
  for (let i = 0; i < 6; i++) {
    const [claim] = await driver.claim(sweep.id, agentId);
    if (!claim) throw new Error("there was nothing to claim");
    run = claim.name;
    const series = train(JSON.parse(claim.params), 5);
    await driver.finish(claim, i === 5 ? { series, state: "failed", exitCode: 1 } : { series });
  }
  const project = `/${entity}/everywhere`;
  small = { id: sweep.id, project, path: `${project}/sweeps/${sweep.id}`, run: `${project}/runs/${run}` };
}, 120_000);

const palette = (page: Page) => page.getByRole("dialog", { name: "Search and commands" });
const options = (page: Page) => palette(page).getByRole("option");
const theme = (page: Page) => page.evaluate(() => document.documentElement.dataset.theme);

describe("the palette", () => {
  test("38: opens with Ctrl K and has results among 10,000 runs within 100 ms of a key", async () => {
    const { page, troubles } = await open(small.path);
    await untilLive(page);
    await page.keyboard.press("Control+k");
    await palette(page).waitFor();
    // What is known here is there with the field.
    expect(await options(page).allInnerTexts()).toContainEqual(expect.stringContaining("Pause the sweep"));
    // The key and the look at its effect in one go, so that the way between test and browser does not count.
    const times: number[] = [];
    for (const [i, text] of [
      "needle-42",
      "needle-777",
      "needle-9999",
      "needle-31",
      "needle-5005",
    ].entries()) {
      times.push(
        await page.evaluate(async (typed) => {
          const field = document.querySelector<HTMLInputElement>('dialog[open] [role="combobox"]');
          const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
          const began = performance.now();
          write?.call(field, typed);
          field?.dispatchEvent(new Event("input", { bubbles: true }));
          const found = () =>
            [...document.querySelectorAll('dialog[open] [role="option"]')].some((one) =>
              one.textContent?.includes(typed),
            );
          while (!found() && performance.now() - began < 5_000)
            await new Promise((resolve) => requestAnimationFrame(resolve));
          return performance.now() - began;
        }, text),
      );
      if (i === 0) expect(await violationsOn(page)).toEqual([]);
    }
    expect(Math.min(...times)).toBeLessThan(100);
    const [first] = await options(page).allInnerTexts();
    expect(first).toContain("needle-5005");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "needle-5005" }).waitFor();
    // Where one has been comes first.
    await page.keyboard.press("Control+k");
    expect((await options(page).allInnerTexts())[0]).toContain("digits, first look");
    await page.keyboard.press("Escape");
    await palette(page).waitFor({ state: "hidden" });
    expect(troubles).toEqual([]);
  });

  test("38: does what the page can do, and finds a project and a sweep by words and by id", async () => {
    const { page } = await open(small.path);
    await untilLive(page);
    const choose = async (text: string, name: RegExp) => {
      await page.keyboard.press("Control+k");
      await palette(page).waitFor();
      await page.keyboard.type(text);
      await palette(page).getByRole("option", { name }).first().click();
      // The same keys close it while it is there.
      await palette(page).waitFor({ state: "hidden" });
    };
    await choose("agents", /^Show: Agents/);
    await page.waitForURL(/tab=agents/);
    await choose("pause", /^Pause the sweep/);
    await page.getByText("Paused", { exact: true }).first().waitFor();
    await choose("resume", /^Resume the sweep/);
    await page.getByText("Running", { exact: true }).first().waitFor();
    await choose("ten-thou", /^ten-thousand/);
    await page.getByRole("heading", { name: /ten-thousand$/ }).waitFor();
    await choose(small.id, /digits, first look/);
    await page.getByRole("heading", { name: "digits, first look" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("nothing is called like that");
    await page.getByText("Nothing is called like that.").waitFor();
  });
});

describe("keys", () => {
  test("38: `?` lists those of the page, and none acts in a field, in a dialog, or when they are switched off", async () => {
    const { page } = await open(`${small.project}?tab=runs`);
    const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    // Keys that come before the page's script has run are nobody's.
    await expect
      .poll(
        async () => {
          await page.keyboard.press("?");
          return list.isVisible();
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    for (const words of ["Search", "Filter runs", "Switch between light and dark", "Write a new sweep"])
      await list.getByText(words, { exact: true }).waitFor();
    expect(await violationsOn(page)).toEqual([]);
    const before = await theme(page);
    await page.keyboard.press("t");
    expect(await theme(page)).toBe(before);
    await list.getByLabel("Shortcuts of one letter").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    expect(await theme(page)).toBe(before);
    await page.keyboard.press("Alt+m");
    expect(await theme(page)).not.toBe(before);
    await page.evaluate(() => localStorage.clear());

    await page.keyboard.press("/");
    const field = page.getByRole("searchbox", { name: "Filter runs" });
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    const dark = await theme(page);
    await page.keyboard.type("tn?1gp/");
    await page.keyboard.press("Control+k");
    expect(await field.inputValue()).toBe("tn?1gp/");
    expect(await theme(page)).toBe(dark);
    expect(await page.getByRole("dialog").count()).toBe(0);
    await field.fill("");
    await field.blur();
    // What was typed reaches the address a moment later, and so does that it was taken away.
    await page.waitForTimeout(600);
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await page.getByRole("heading", { name: "Projects" }).waitFor();
    expect(await theme(page)).toBe(dark);
  });

  test("38: Tab reaches everything that a mouse can click, each with a ring", async () => {
    for (const at of [
      "/",
      small.project,
      `${small.project}?tab=runs`,
      small.run,
      `${small.project}/settings`,
    ]) {
      const { page, context } = await open(at);
      const left = await page.evaluate(() => {
        const all = [
          ...document.querySelectorAll<HTMLElement>(
            'a[href], button, input, select, textarea, summary, [role="slider"]',
          ),
        ].filter(
          (one) => one.checkVisibility() && !one.matches(":disabled, [tabindex='-1'], [type='hidden']"),
        );
        Object.assign(window, { waiting: new Set(all) });
        return all.length;
      });
      expect(left).toBeGreaterThan(5);
      const bare: string[] = [];
      for (let i = 0; i < left + 40; i++) {
        await page.keyboard.press("Tab");
        const { name, ring, over } = await page.evaluate(() => {
          const element = document.activeElement;
          const { waiting } = window as unknown as { waiting: Set<Element> };
          if (!element || element === document.body) return { name: "", ring: true, over: true };
          waiting.delete(element);
          const { outlineStyle, outlineWidth } = getComputedStyle(element);
          return {
            name: element.outerHTML.slice(0, 120),
            ring: outlineStyle !== "none" && outlineWidth !== "0px",
            over: waiting.size === 0,
          };
        });
        if (!ring) bare.push(name);
        if (over) break;
      }
      expect(bare, at).toEqual([]);
      const missed = await page.evaluate(() =>
        [...(window as unknown as { waiting: Set<Element> }).waiting].map((one) =>
          one.outerHTML.slice(0, 120),
        ),
      );
      expect(missed, at).toEqual([]);
      await context.close();
    }
  });
});

describe("a sweep behind other tabs", () => {
  test("says in its title how far it is, and notifies at its end whoever asked for it", async () => {
    const { driver, entity } = site();
    const sweep = await driver.createSweep(`${DIGITS_SWEEP}run_cap: 2\n`, { project: "behind" });
    const agentId = await driver.registerAgent(sweep.id, "gpu-box-1");
    const finish = async () => {
      const [claim] = await driver.claim(sweep.id, agentId);
      if (claim) await driver.finish(claim, { series: { accuracy: [0.5, 0.75] } });
    };
    await finish();
    const { page, context } = await open(`/${entity}/behind/sweeps/${sweep.id}`);
    await context.grantPermissions(["notifications"], { origin: site().url });
    await untilLive(page);
    await page.waitForFunction(() => document.title.startsWith("1/2 · digits, first look"));
    await page.evaluate(() => {
      const told: string[] = [];
      class Told {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title: string, { body }: { body: string }) {
          told.push(`${title}. ${body}`);
        }
      }
      Object.assign(window, { told, Notification: Told });
    });
    await page.getByRole("button", { name: "Tell me" }).click();
    await page.getByRole("button", { name: "Will tell you", pressed: true }).waitFor();
    await finish();
    await page.waitForFunction(() => document.title.startsWith("✓ digits, first look"));
    expect(await page.evaluate(() => (window as unknown as { told: string[] }).told)).toEqual([
      "Finished: digits, first look. 2 runs. Best accuracy 0.75.",
    ]);
  });
});

describe("a list of sweeps", () => {
  test("6: a row's menu pauses within 100 ms, and rolls back with the reason when the server refuses", async () => {
    const { driver } = site();
    const named = async (name: string) =>
      driver.createSweep(DIGITS_SWEEP.replace("digits, first look", name), { project: "in-a-row" });
    await named("to pause");
    const refused = await named("to refuse");
    const { page } = await open(`/${site().entity}/in-a-row`);
    await untilLive(page);
    const row = (name: string) => page.getByRole("row", { name: new RegExp(name) });
    await row("to pause").getByRole("button", { name: "Actions for to pause" }).click();
    expect(await page.getByRole("menuitem").allInnerTexts()).toEqual([
      "Pause",
      "Stop",
      "Cancel",
      "Copy agent command",
    ]);
    const effectMs = await page.evaluate(async () => {
      const item = [...document.querySelectorAll<HTMLElement>('[role="menuitem"]')].find(
        (one) => one.textContent === "Pause",
      );
      const began = performance.now();
      item?.click();
      while (!document.querySelector("main")?.textContent?.includes("Paused"))
        await new Promise((resolve) => requestAnimationFrame(resolve));
      return performance.now() - began;
    });
    expect(effectMs).toBeLessThan(100);
    // Somebody else cancels it between the click and its arrival.
    await page.route("**/graphql", async (route) => {
      if (route.request().postData()?.includes(idOf(PauseSweep)))
        await driver.send(CancelSweep, { input: { sweepId: refused.id } });
      await route.continue();
    });
    await row("to refuse").getByRole("button", { name: "Actions for to refuse" }).click();
    await page.getByRole("menuitem", { name: "Pause" }).click();
    await row("to refuse")
      .getByText(/^Pause was refused: /)
      .waitFor();
    await row("to refuse").getByText("Canceled", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "State" }).selectOption("paused");
    await page.waitForURL(/state=paused/);
    await row("to refuse").waitFor({ state: "detached" });
    await row("to pause").getByText("Paused", { exact: true }).waitFor();
  });
});

test("a project's agents are listed with their sweeps, living ones first", async () => {
  const { page } = await open(`${small.project}/agents`);
  await page.getByText("1 alive, 0 lost").or(page.getByText("0 alive, 1 lost")).waitFor();
  const row = page.getByRole("row", { name: /gpu-box-1/ });
  expect(await row.getByRole("link", { name: "digits, first look" }).getAttribute("href")).toBe(
    `${small.path}?tab=agents`,
  );
  expect(await row.textContent()).toMatch(/ago/);
});

describe("light and dark", () => {
  test("40: follow the system, switch by one control, persist, reach canvas charts and never flash", async () => {
    const { page } = await open(small.path, { colorScheme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const canvases = () =>
      page.evaluate(() => [...document.querySelectorAll("canvas")].map((one) => one.toDataURL()).join());
    const dark = await ground();
    await page.emulateMedia({ colorScheme: "light" });
    const light = await ground();
    expect(light).not.toBe(dark);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForTimeout(200);
    const drawn = await canvases();
    await page.getByRole("button", { name: "Switch between light and dark" }).click();
    expect(await ground()).toBe(light);
    if (drawn !== "") await expect.poll(canvases).not.toBe(drawn);
    // The served page itself carries the choice: nothing has to run before the first paint.
    const [response] = await Promise.all([page.waitForResponse(site().url + small.path), page.reload()]);
    expect(await response.text()).toContain('data-theme="light"');
    expect(await ground()).toBe(light);
  });

  test("40: nothing moves for whoever asks for less motion", async () => {
    const moving = (page: Page) =>
      page.evaluate(
        () =>
          [...document.querySelectorAll("*")].filter((one) => {
            const { transitionDuration, animationDuration, animationName } = getComputedStyle(one);
            const lasts = (durations: string) =>
              durations.split(", ").some((text) => Number.parseFloat(text) > 0);
            return lasts(transitionDuration) || (animationName !== "none" && lasts(animationDuration));
          }).length,
      );
    const { page } = await open(small.path, { reducedMotion: "no-preference" });
    expect(await moving(page)).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: "reduce" });
    expect(await moving(page)).toBe(0);
  });
});

describe("axe-core", () => {
  test("39: finds nothing on any page, in either theme, and nothing is wider than its window", async () => {
    const empty = await site().driver.createSweep(DIGITS_SWEEP, { project: "everywhere-empty" });
    const pages: Record<string, string> = {
      projects: "/",
      project: small.project,
      "project-runs": `${small.project}?tab=runs`,
      "project-agents": `${small.project}/agents`,
      settings: `${small.project}/settings`,
      sweep: small.path,
      charts: `${small.path}?tab=charts`,
      explore: `${small.path}?tab=explore`,
      timeline: `${small.path}?tab=timeline`,
      stopping: `${small.path}?tab=stopping`,
      agents: `${small.path}?tab=agents`,
      file: `${small.path}?tab=file`,
      large: large.path,
      empty: `/${site().entity}/everywhere-empty/sweeps/${empty.id}`,
      run: small.run,
      "new-sweep": `${small.project}/sweeps/new`,
      account: "/settings",
      login: "/login",
      "not-found": `${small.project}/sweeps/nothere1`,
    };
    const wrong: string[] = [];
    for (const [i, [name, at]] of Object.entries(pages).entries())
      for (const [k, { colorScheme, viewport, look }] of LOOKS.entries()) {
        // One look each where there is little time: every page in one theme, and both themes on half of them.
        if (process.env.BESOM_CI === "brief" && k !== i % 2) continue;
        const { page, context } = await open(at, { colorScheme, viewport });
        for (const violation of await violationsOn(page)) wrong.push(`${name} ${look}: ${violation}`);
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (excess > 0) wrong.push(`${name} ${look} is ${excess} px too wide`);
        await screenshot(page, `${name}-${look}-page`);
        await context.close();
      }
    expect(wrong).toEqual([]);
  });
});
