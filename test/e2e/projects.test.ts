import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { toDocument } from "@/graphql/operations/document";
import { LOOKS, PHONE, screenshot } from "../support/browser";
import { DIGITS_SWEEP, train } from "../support/seed";
import { untilLive, violationsOn, visitSite } from "../support/visit";

const { site, open } = visitSite({ own: true });

/** A sweep of the digits with some runs behind it; every fifth failed. */
async function seed(project: string, name: string, runs: number): Promise<{ path: string; id: string }> {
  const { driver, entity } = site();
  const sweep = await driver.createSweep(DIGITS_SWEEP.replace("digits, first look", name), { project });
  const agentId = await driver.registerAgent(sweep.id, "gpu-box-1");
  for (let i = 0; i < runs; i++) {
    const [claim] = await driver.claim(sweep.id, agentId);
    if (!claim) break;
    const series = train(JSON.parse(claim.params), 5);
    await driver.finish(claim, i % 5 === 4 ? { series, state: "failed", exitCode: 1 } : { series });
  }
  return { path: `/${entity}/${project}`, id: sweep.id };
}

const rows = (page: Page) => page.getByRole("region", { name: "Table of runs" }).locator("tbody tr");
const said = (page: Page) => page.locator("p[role=status].figures");

// First in the file: the server is still empty.
test("1: an empty server says the one thing to do, and Copy puts exactly that on the clipboard", async () => {
  const { page, context, troubles } = await open("/");
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: site().url });
  const shown = await page.locator("pre code").textContent();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(shown);
  await page.getByRole("button", { name: "Write one in the browser" }).click();
  await page.getByLabel(`Project of ${site().entity}`).fill("first-project");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/first-project\/sweeps\/new$/);
  expect(troubles).toEqual([]);
});

describe("all projects", () => {
  test("stand with their numbers, are found by name, and change as things happen", async () => {
    await seed("vision", "first look", 3);
    await seed("language", "words", 0);
    const { page, troubles } = await open("/");
    await page.getByRole("heading", { name: /vision$/ }).waitFor();
    expect(await page.locator("section", { hasText: "vision" }).first().textContent()).toContain(
      "1 sweep, 3 runs",
    );
    await page.getByRole("searchbox", { name: "Search projects" }).fill("lang");
    await page.waitForURL(/q=lang/);
    await page.getByRole("heading", { name: /vision$/ }).waitFor({ state: "detached" });
    expect(await said(page).textContent()).toContain("showing 1 of 1, filtered from 2");
    await page.getByRole("searchbox").fill("");
    await page.getByRole("heading", { name: /vision$/ }).waitFor();
    await untilLive(page);
    await seed("language", "more words", 1);
    await page.getByText("2 sweeps, 1 run, ").waitFor();
    expect(troubles).toEqual([]);
  });
});

describe("a project", () => {
  test("3: tells of each sweep its state, method, goal, best value, counts and exact size", async () => {
    const { path } = await seed("sweeps-of", "look here", 10);
    const { page } = await open(path, { javaScriptEnabled: false });
    const item = page.getByRole("row", { name: /look here/ });
    const text = (await item.textContent())?.replaceAll(/\s+/g, " ") ?? "";
    for (const part of ["Running", "grid", "maximize", "accuracy", "8 finished", "2 failed"])
      expect(text).toContain(part);
    expect(text).toMatch(/10.\/.96/);
    expect(text).toMatch(/0\.\d{3}/);
    expect(await item.getByRole("img", { name: /^Best so far: from 0\.\d+ to 0\.\d+/ }).count()).toBe(1);
  });

  test("lists its runs by filter and order, all of it in the address, and says what is not shown", async () => {
    const { path } = await seed("runs-of", "many", 60);
    const { page, troubles } = await open(`${path}?tab=runs`);
    expect(await said(page).textContent()).toBe("showing 50 of 60");
    await page.getByRole("link", { name: "Show more" }).click();
    await page.waitForURL(/show=100/);
    await page.getByText("all 60").waitFor();
    expect(await rows(page).count()).toBe(60);

    await page.getByRole("link", { name: "Best value" }).click();
    await page.waitForURL(/sort=-objective/);
    await page.locator('th[aria-sort="descending"]', { hasText: "Best value" }).waitFor();
    const values = (await rows(page).locator("td:nth-child(3)").allTextContents()).map(Number);
    expect(values).toEqual(values.toSorted((a, b) => b - a));

    const box = page.getByRole("searchbox", { name: "Filter runs" });
    await box.fill("state:failed lr<0.1");
    await page.waitForURL(/q=state/);
    await page.getByText(/^showing \d+ of \d+, filtered from 60$/).waitFor();
    const states = await rows(page).locator("td:nth-child(4)").allTextContents();
    expect(states.length).toBeGreaterThan(0);
    expect(new Set(states)).toEqual(new Set(["Failed"]));

    // The address alone brings the same rows to somebody else.
    const { page: other } = await open(page.url().slice(site().url.length));
    expect(await rows(other).allTextContents()).toHaveLength(states.length);
    await box.fill("max(accuracy)>0.2 state:finished");
    await page.waitForURL(/accuracy/);
    await box.fill("state:gone");
    await page.getByText('There is no state "gone"').waitFor();
    expect(troubles).toEqual([]);
  });

  test("shows to who may only look no button that changes anything", async () => {
    const { path, id } = await seed("looked-at", "not yours", 2);
    const session = await invite("looked-at", "viewer");
    const [, , project] = path.split("/");
    for (const page of [path, `${path}?tab=runs`, `${path}/sweeps/${id}`]) {
      const { page: seen } = await open(page, { session });
      await seen.locator("h1").waitFor();
      const buttons = await seen.getByRole("button").allTextContents();
      for (const name of ["Pause", "Stop", "Cancel", "Resume", "Delete"]) expect(buttons).not.toContain(name);
      expect(await seen.getByRole("link", { name: "New sweep" }).count()).toBe(0);
    }
    const { page: editor } = await open(`/${site().entity}/${project}/sweeps/new`, { session });
    const button = editor.getByRole("button", { name: "Create sweep" });
    await editor.getByText("You may look at this project but not change it.").waitFor();
    expect(await button.getAttribute("aria-disabled")).toBe("true");
  });
});

describe("addresses", () => {
  test("are come back to after a sign-in, whatever was looked at", async () => {
    const { path, id } = await seed("asked-for", "yours", 1);
    for (const at of [
      "/?q=vision",
      `${path}?tab=runs&q=lr%3C0.1`,
      `${path}/sweeps/${id}`,
      `${path}/sweeps/new?from=${id}`,
      `${path}/runs/none`,
    ]) {
      const answer = await fetch(site().url + at, { redirect: "manual" });
      expect(answer.headers.get("location"), at).toBe(`/login?next=${encodeURIComponent(at)}`);
    }
  });

  test("that no page has written are read as far as they make sense, and lead nowhere beyond", async () => {
    const { path } = await seed("odd", "odd", 1);
    const { page } = await open("/?q=odd&q=even&show=1.5");
    await page.getByRole("heading", { name: /odd$/ }).waitFor();
    for (const at of [`${path}?sort=name&sort=state&show=2.5`, `${path}?tab=runs&q=%00`])
      expect((await page.request.get(at)).status(), at).toBe(200);
    for (const at of [`${path}/runs/%00`, "/settings/audit?after=none", "/settings/users?after=none"])
      expect((await page.request.get(at)).status(), at).toBe(404);
  });

  test("with a filter that the API refuses say so above all runs", async () => {
    const { path } = await seed("too-much", "too much", 2);
    const { page, troubles } = await open(`${path}?tab=runs&q=${"a+".repeat(400)}`);
    await page.getByText(/^The filter was refused: .+\.$/).waitFor();
    expect(await rows(page).count()).toBe(2);
    expect(troubles).toEqual([]);
  });
});

test("a project that is new is there for whoever comes back to the window", async () => {
  await seed("long-known", "known", 0);
  const { page } = await open("/");
  await untilLive(page);
  await seed("brand-new", "just now", 0);
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.getByRole("heading", { name: /brand-new$/ }).waitFor();
});

test("Back shows times by the clock of now, not by that of the first visit", async () => {
  const { path, id } = await seed("went-away", "left alone", 0);
  const { page } = await open("/");
  await page.clock.install();
  await page.goto(`${path}/sweeps/${id}`);
  await page.getByRole("navigation", { name: "Where you are" }).getByText("went-away").click();
  await page.getByRole("heading", { name: /went-away$/ }).waitFor();
  await page.clock.fastForward("10:00");
  await page.goBack();
  await page.getByRole("heading", { name: "left alone" }).waitFor();
  expect(await page.locator("main time").first().textContent()).toMatch(/^10.min ago$/);
});

test("runs called after their sweep are told apart in a narrow table: what is cut is before the number", async () => {
  const { path, id } = await seed("cut-names", "a name of a sweep that is far too long for any column", 2);
  for (const at of [`${path}?tab=runs`, `${path}/sweeps/${id}`]) {
    const { page } = await open(at, { viewport: PHONE });
    const link = page.locator("td a", { hasText: /any column-2$/ }).first();
    await link.waitFor();
    const seen = await link.evaluate((element) => {
      const cell = element.closest("td")?.getBoundingClientRect();
      const range = document.createRange();
      const last = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      let text = last.nextNode();
      for (let next = text; next; next = last.nextNode()) text = next;
      if (!cell || !text) throw new Error("no cell");
      range.selectNodeContents(text);
      return { text: text.textContent, inside: range.getBoundingClientRect().right <= cell.right };
    });
    expect(seen).toEqual({ text: "-2", inside: true });
  }
});

test("where nothing is yet, the command that brings something can be copied", async () => {
  const { path, id } = await seed("no-runs", "waits", 0);
  const { page } = await open(`${path}?tab=runs`, { javaScriptEnabled: false });
  expect(await page.locator("pre code").textContent()).toBe(`npx besom agent ${path.slice(1)}/${id}`);
  const CreateProject = toDocument(
    'mutation { createProject(input: {name: "no-sweeps"}) { error { code } } }',
  );
  await site().driver.send(CreateProject, {});
  for (const tab of ["", "?tab=runs"]) {
    await page.goto(`/${site().entity}/no-sweeps${tab}`);
    expect(await page.locator("pre code").textContent()).toBe(
      `npx besom sweep sweep.yaml --entity ${site().entity} --project no-sweeps`,
    );
  }
});

test("names without a blank keep within a phone", async () => {
  const { driver, entity } = site();
  const unbroken = "unbroken".repeat(15);
  const source = DIGITS_SWEEP.replace("digits, first look", unbroken)
    .replace("name: accuracy", `name: ${unbroken}`)
    .concat(`run_name: ${"named".repeat(24)}\n`);
  const { id } = await driver.createSweep(source, { project: "long-names" });
  const [claim] = await driver.claim(id, await driver.registerAgent(id, unbroken));
  if (!claim) throw new Error("no run was handed out");
  await driver.finish(claim, { series: { [unbroken]: [0.5] }, state: "failed", exitCode: 1 });
  const project = `/${entity}/long-names`;
  const { page } = await open(`${project}?tab=runs`, { viewport: PHONE });
  const run = await page.getByRole("link", { name: /^named/ }).getAttribute("href");
  for (const at of [project, `${project}/sweeps/${id}`, run ?? ""]) {
    await page.goto(at);
    await page.locator("h1").waitFor();
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      at,
    ).toBeLessThanOrEqual(0);
  }
});

/** A new account with a role in the project, by way of an invitation. */
async function invite(project: string, role: string): Promise<{ name: string; value: string }> {
  const { driver, entity, session, url } = site();
  const CreateInvitation = toDocument<
    { createInvitation: { url: string | null; error: { message: string } | null } },
    { input: { entity: string; project: string; role: string } }
  >("mutation($input: CreateInvitationInput!) { createInvitation(input: $input) { url error { message } } }");
  const { createInvitation } = await driver.send(CreateInvitation, { input: { entity, project, role } });
  const token = /token=(.+)$/.exec(createInvitation.url ?? "")?.[1];
  const response = await fetch(`${url}/invite/accept`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, name: "onlooker", password: "looking is enough 42" }),
  });
  const cookie = response.headers.getSetCookie().find((one) => one.startsWith(session.name));
  const value = cookie?.slice(session.name.length + 1).split(";")[0];
  if (!value) throw new Error(`no session: ${response.status} ${await response.text()}`);
  return { name: session.name, value };
}

test("axe-core finds nothing, and nothing is wider than a phone", async () => {
  const { path } = await seed("axe", "for axe", 12);
  const empty = `/${site().entity}/language`;
  for (const [name, at] of [
    ["projects", "/"],
    ["project", path],
    ["project-runs", `${path}?tab=runs`],
    ["project-empty", `${empty}?q=nothing-like-it`],
  ] as const) {
    const { page, context } = await open(at);
    for (const { colorScheme, viewport, look } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await screenshot(page, `${name}-${look}`);
      expect(await violationsOn(page), `${name} ${look}`).toEqual([]);
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(excess, `${name} ${look}`).toBeLessThanOrEqual(0);
    }
    await context.close();
  }
});
