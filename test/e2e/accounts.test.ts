import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CreateInvitation, CreateTeam } from "@/graphql/operations/accounts";
import { LOOKS, launchBrowser, openPage, screenshot, untilQuiet } from "../support/browser";
import { openSite, type Site } from "../support/site";

/** The pages of accounts as people use them: a production build in real Chromium, and the real command line. */

let site: Site;
let browser: Browser;
const contexts: BrowserContext[] = [];

const PASSWORD = "correct horse battery staple";

beforeAll(async () => {
  site = await openSite();
  browser = await launchBrowser();
});
afterAll(async () => {
  for (const context of contexts) await context.close();
  await browser?.close();
  await site?.close();
});

/** A browser of its own, nobody signed in unless asked for. */
async function visit(
  path: string,
  { admin = false, ...options }: BrowserContextOptions & { admin?: boolean } = {},
): Promise<Page> {
  const { page, context } = await openPage(browser, {
    baseURL: site.url,
    ...(admin && { session: site.session }),
    ...options,
  });
  contexts.push(context);
  await page.goto(path.startsWith(site.url) ? path.slice(site.url.length) : path);
  return page;
}

async function untilPath(page: Page, path: string): Promise<void> {
  await page.waitForURL((url) => url.pathname === path);
}

/** A link to the server, or to a team. */
async function invite(input: { team?: string; role?: "viewer" | "member"; email?: string } = {}) {
  const { done } = await site.driver.send(CreateInvitation, { input });
  if (!done.url) throw new Error(`no link: ${done.error?.message}`);
  return done.url;
}

async function createAccount(link: string, name: string): Promise<Page> {
  const page = await visit(link);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account and join" }).click();
  await page.getByRole("button", { name: `Account of ${name}` }).waitFor();
  return page;
}

async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `Account of ${name}` }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await untilPath(page, "/login");
}

async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel("User name or email").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

const toastOf = (page: Page, text: string) => page.getByRole("status").getByText(text).waitFor();

/** What a script with this key is told. */
async function askWith(key: string): Promise<{ status: number; viewer?: string }> {
  const response = await fetch(`${site.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: "{ viewer { name } }" }),
  });
  const answer = (await response.json()) as { data?: { viewer: { name: string } } };
  return { status: response.status, ...(answer.data && { viewer: answer.data.viewer.name }) };
}

test("the link of the first start signs in once; used up, the page says so and leaves no token in the address", async () => {
  const page = await visit(site.loginUrl);
  await page.getByRole("button", { name: `Account of ${site.entity}` }).waitFor();
  await untilPath(page, "/");
  const again = await visit(site.loginUrl);
  await again.getByRole("alert").getByText("This link signs nobody in any more").waitFor();
  expect(new URL(again.url()).hash).toBe("");
});

test("a link of somebody else's takes nobody's session away unasked", async () => {
  const admin = await visit("/", { admin: true });
  const link = await admin.evaluate(async () => {
    const body = JSON.stringify({ query: "mutation { createLoginLink(input: {}) { url } }" });
    const headers = { "content-type": "application/json" };
    const response = await fetch("/graphql", { method: "POST", headers, body });
    return ((await response.json()) as { data: { createLoginLink: { url: string } } }).data.createLoginLink
      .url;
  });
  const page = await createAccount(await invite(), "gina");
  await page.goto("/login");
  await page.goto(link.slice(site.url.length));
  const use = page.getByRole("button", { name: "Sign in by the link" });
  await use.waitFor();
  expect(new URL(page.url()).hash).toBe("");
  await page.getByRole("button", { name: "Account of gina" }).waitFor();
  await use.click();
  await page.getByRole("button", { name: `Account of ${site.entity}` }).waitFor();
});

test("a page that needs a session comes after the sign-in, and a link can't lead to another site", async () => {
  const page = await visit("/settings/sessions");
  await untilPath(page, "/login");
  expect(new URL(page.url()).searchParams.get("next")).toBe("/settings/sessions");
  const stranger = await visit("/login?next=//elsewhere.example/", { admin: true });
  expect(await stranger.getByRole("link", { name: "Go on" }).getAttribute("href")).toBe("/");
});

test("a team is made, a second person invited, comes by password, and feels a change of the role", async () => {
  const admin = await visit("/settings/teams", { admin: true });
  await admin.getByLabel("Name").fill("vision lab");
  await admin.getByRole("button", { name: "Create team" }).click();
  await admin.getByRole("alert").filter({ hasText: "vision lab" }).waitFor();
  await admin.getByLabel("Name").fill("vision");
  await admin.getByRole("button", { name: "Create team" }).click();
  await untilPath(admin, "/settings/teams/vision");

  await admin.getByLabel("Email (optional)").fill("anna@example.org");
  await admin.locator("#invitations").getByLabel("Role").selectOption("viewer");
  await admin.getByRole("button", { name: "Make an invitation link" }).click();
  const link = (await admin.getByText(/\/invite#token=/).textContent()) ?? "";

  const anna = await visit(link);
  await anna.getByRole("heading", { name: "Join the team vision" }).waitFor();
  expect(new URL(anna.url()).hash).toBe("");
  await anna.getByLabel("User name").fill("anna");
  await anna.getByLabel("Password").fill("short");
  await anna.getByRole("button", { name: "Create account and join" }).click();
  // The server's own words, at the field that they are about.
  const password = anna.getByLabel("Password");
  await anna.locator('[aria-invalid="true"]').waitFor();
  expect(await password.getAttribute("aria-invalid")).toBe("true");
  await password.fill(PASSWORD);
  await anna.getByRole("button", { name: "Create account and join" }).click();
  await untilPath(anna, "/settings/teams/vision");
  await anna.getByText("anna", { exact: true }).first().waitFor();
  expect(await anna.getByRole("button", { name: "Make an invitation link" }).count()).toBe(0);

  await signOut(anna, "anna");
  await signIn(anna, "anna", "not the password");
  await anna.locator('[aria-invalid="true"]').waitFor();
  await signIn(anna, "anna", PASSWORD);
  await untilPath(anna, "/");

  // A project of the team that viewers can't work in.
  const sweep = `method: grid\nprogram: t.py\nentity: vision\nproject: shared\nparameters: {a: {values: [1]}}\n`;
  await site.driver.createSweep(sweep);
  await anna.goto("/vision/shared/settings");
  await anna.getByText("You are viewer here").waitFor();
  expect(await anna.getByLabel("Description").isDisabled()).toBe(true);

  await admin.reload();
  await admin.getByLabel("Role of anna").selectOption("admin");
  await toastOf(admin, "anna is admin now");
  await anna.reload();
  await anna.getByLabel("Description").fill("What the lab tries");
  await anna.getByRole("button", { name: "Save project" }).click();
  await toastOf(anna, "Project saved");

  await admin.getByRole("button", { name: "Remove anna" }).click();
  await admin.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await toastOf(admin, "anna is removed");
  await anna.reload();
  await anna.getByRole("heading", { name: "Nothing is here" }).waitFor();
});

test("an account that is there already accepts with one click", async () => {
  const ben = await createAccount(await invite(), "ben");
  await site.driver.send(CreateTeam, { input: { name: "crew" } });
  const link = await invite({ team: "crew", role: "member" });
  const join = ben.getByRole("button", { name: "Join as ben" });
  await ben.goto(link.slice(site.url.length));
  await join.waitFor();
  // The token is out of the address: what is loaded anew there knows nothing of it.
  await ben.reload();
  await ben.getByRole("heading", { name: "This invitation can't be used" }).waitFor();
  await ben.goto(link.slice(site.url.length));
  await join.click();
  await untilPath(ben, "/settings/teams/crew");
});

test("a key is made, shown once, used by a script, revoked after a question, and refused from then on", async () => {
  const page = await visit("/settings/keys", { admin: true });
  await page.getByLabel("Name").fill("nightly");
  await page.getByLabel("May").selectOption("read");
  await page.getByRole("button", { name: "Create key" }).click();
  const key = (await page.getByText(/^besom-[0-9A-Za-z]{43}$/).textContent()) ?? "";
  expect(await askWith(key)).toEqual({ status: 200, viewer: site.entity });
  await page.reload();
  expect(await page.getByText(key).count()).toBe(0);

  await page.getByRole("button", { name: "Revoke nightly" }).click();
  const dialog = page.getByRole("dialog", { name: "Revoke nightly?" });
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  // The focus is back where it was: the keyboard opens it again.
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Revoke key" }).click();
  await toastOf(page, "nightly is revoked");
  expect((await askWith(key)).status).toBe(401);
});

test("a terminal signs in by a word from the browser: the real command line, from the code to the next command", async () => {
  const home = mkdtempSync(join(tmpdir(), "besom-device-"));
  const env = {
    NODE_ENV: "test" as const,
    PATH: process.env.PATH,
    XDG_CONFIG_HOME: home,
    BESOM_DATA_DIR: home,
  };
  const besom = (...words: string[]): ChildProcess =>
    spawn(process.execPath, ["--import", "tsx", "agent/index.ts", ...words], { env });
  try {
    const login = besom("login", site.url);
    const told = await readUntil(login, /compare the code: (\S+)\n/);
    const [, address = ""] = /(http\S+\/authorize\/device\S+)/.exec(told.text) ?? [];
    const page = await visit(address, { admin: true });
    await page.getByText(told.found, { exact: true }).waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("is signed in").waitFor();
    expect(await once(login, "close")).toEqual([0, null]);
    const path = join(home, "besom/credentials.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { profiles } = JSON.parse(readFileSync(path, "utf8")) as {
      profiles: Record<string, { key: string }>;
    };
    const [profile] = Object.values(profiles);
    expect(await askWith(profile?.key ?? "")).toEqual({ status: 200, viewer: site.entity });

    // Its key is one of mine: revoked here, the terminal is out.
    await page.goto("/settings/keys");
    await page
      .getByRole("row", { name: new RegExp(profile?.key.slice(0, 10) ?? "?") })
      .getByRole("button")
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const runs = besom("runs", "aaaaaaaa");
    expect((await once(runs, "close"))[0]).toBe(3);
  } finally {
    rmSync(home, { recursive: true });
  }
});

/** Reads what a process says to people until it says this. */
function readUntil(child: ChildProcess, pattern: RegExp): Promise<{ text: string; found: string }> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr?.on("data", (bytes) => {
      text += String(bytes);
      const [, found] = pattern.exec(text) ?? [];
      if (found) resolve({ text, found });
    });
    child.once("close", () => reject(new Error(`it ended before it said ${pattern}: ${text}`)));
  });
}

test("who guesses passwords is told to wait, in words at the field", async () => {
  await createAccount(await invite(), "carla");
  const page = await visit("/login");
  const refusal = page.getByRole("alert").filter({ hasText: /too many|wait|again in/i });
  for (let i = 0; i < 30 && (await refusal.count()) === 0; i++) {
    const answered = page.waitForResponse((response) => response.url().endsWith("/login"));
    await signIn(page, "carla", `guess ${i} of many`);
    await answered;
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  }
  await refusal.waitFor();
});

test("sessions are listed and ended: the other browser is signed out", async () => {
  const dora = await createAccount(await invite(), "dora");
  const other = await visit("/login");
  await signIn(other, "dora", PASSWORD);
  await untilPath(other, "/");
  await dora.goto("/settings/sessions");
  expect(await dora.getByRole("row").count()).toBe(3);
  await dora.getByRole("button", { name: /^End Chrome/ }).click();
  await dora.getByRole("dialog").getByRole("button", { name: "End session" }).click();
  await toastOf(dora, "The session is ended");
  await other.goto("/settings");
  await untilPath(other, "/login");
});

test("a project goes only when its name was typed", async () => {
  await site.driver.createSweep(
    "method: grid\nprogram: t.py\nproject: doomed\nparameters: {a: {values: [1]}}\n",
  );
  const page = await visit(`/${site.entity}/doomed/settings`, { admin: true });
  await page.getByRole("button", { name: "Delete the project" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete doomed?" });
  const act = dialog.getByRole("button", { name: "Delete the project" });
  await dialog.getByLabel("Type doomed to confirm").fill("doom");
  expect(await act.isDisabled()).toBe(true);
  await dialog.getByLabel("Type doomed to confirm").fill("doomed");
  await page.keyboard.press("Enter");
  await untilPath(page, "/");
  await page.goto(`/${site.entity}/doomed/settings`);
  await page.getByRole("heading", { name: "Nothing is here" }).waitFor();
});

test("the menu works by keyboard alone: arrows, letters, Escape, and the focus comes back", async () => {
  const page = await visit("/settings", { admin: true });
  const button = page.getByRole("button", { name: `Account of ${site.entity}` });
  await button.focus();
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  await expect.poll(focused).toBe("Settings");
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe("Sign out");
  await page.keyboard.press("t");
  expect(await focused()).toBe("Teams");
  await page.keyboard.press("Escape");
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await page.getByRole("menu").count()).toBe(0);
});

test("the explorer runs a query and a subscription, with workers of ours and nothing from elsewhere", async () => {
  const { id } = await site.driver.createSweep(
    "method: grid\nprogram: t.py\nproject: explored\nparameters: {a: {values: [1, 2]}}\n",
  );
  const { page, context, troubles } = await openPage(browser, { baseURL: site.url, session: site.session });
  contexts.push(context);
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (!/^(?:data|blob):/.test(request.url()) && !request.url().startsWith(site.url))
      foreign.push(request.url());
  });
  const worker = page.waitForEvent("worker");
  await page.goto("/graphql");
  const editor = page.locator(".graphiql-query-editor .view-lines");
  const execute = page.getByRole("button", { name: /Execute query/ });
  const response = (text: RegExp, timeout = 60_000) =>
    page.locator(".graphiql-response").filter({ hasText: text }).waitFor({ timeout });
  /** GraphiQL's button and editor are there a moment before they listen: what was not heard is done again. */
  const untilHeard = async (act: () => Promise<void>, heard: (timeout: number) => Promise<void>) => {
    for (let tries = 0; tries < 8; tries++) {
      await act();
      if (
        await heard(5_000).then(
          () => true,
          () => false,
        )
      )
        return;
    }
    await heard(5_000);
  };
  const ask = async () => {
    if (await execute.isVisible()) await execute.click();
  };
  await editor.filter({ hasText: "WhoAmI" }).waitFor();
  await untilHeard(ask, (timeout) => response(new RegExp(`"name":\\s*"${site.entity}"`), timeout));
  expect((await worker).url()).toContain(`${site.url}/_next/`);

  await page.getByRole("button", { name: "New tab" }).click();
  await editor.filter({ hasNotText: "WhoAmI" }).waitFor();
  await untilHeard(
    async () => {
      await editor.click();
      await page.keyboard.press("Control+A");
      await page.keyboard.insertText(
        `subscription Explored { sweepChanged(sweepId: "${id}") { counts { running } } }`,
      );
    },
    // GraphiQL hears of an edit 100 ms later, and asks for the last tab's operation until then: its tab has the new name.
    (timeout) => page.getByRole("tab", { name: "Explored" }).waitFor({ timeout }),
  );
  await untilHeard(ask, (timeout) => response(/"running":\s*0/, timeout));
  const agent = await site.driver.registerAgent(id, "explorer");
  await site.driver.claim(id, agent);
  await response(/"running":\s*1/);
  expect({ foreign, troubles }).toEqual({ foreign: [], troubles: [] });
});

test("the explorer keeps its contrast in either theme, and its columns within a phone", async () => {
  for (const { look, ...rest } of LOOKS) {
    const page = await visit("/graphql", { admin: true, ...rest });
    const editor = page.locator(".graphiql-query-editor .view-lines");
    await editor.filter({ hasText: "WhoAmI" }).waitFor();
    // Coloured: until its words are told apart all of them are mtk1.
    await editor.locator('span[class^="mtk"]:not([class^="mtk1 "]):not([class="mtk1"])').first().waitFor();
    // GraphiQL's tabs have their close button inside: that is its own markup.
    const found = (await violationsOf(page)).filter((one) => !one.includes("nested-interactive"));
    expect(found, look).toEqual([]);
    const { width = 0 } = (await page.locator(".graphiql-editors").boundingBox()) ?? {};
    expect(width).toBeGreaterThan(250);
    await page.context().close();
  }
});

test("the explorer's code is on no other page", async () => {
  const page = await visit("/settings", { admin: true });
  const bytes = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((entry) => entry.name.endsWith(".js"))
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).decodedBodySize, 0),
  );
  // Monaco alone is over 3 MB.
  expect(bytes).toBeLessThan(1_500_000);
});

test("axe-core finds nothing serious on any page, in either theme, and nothing is wider than a phone", async () => {
  await site.driver.send(CreateTeam, { input: { name: "seen" } });
  await site.driver.createSweep(
    "method: grid\nprogram: t.py\nentity: seen\nproject: shared\nparameters: {a: {values: [1]}}\n",
  );
  const waiting = await (
    await fetch(`${site.url}/login/device`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ label: "anna@gpu-17" }),
    })
  ).json();
  const device = `/authorize/device?code=${(waiting as { userCode: string }).userCode}`;
  const link = (await invite({ team: "seen", role: "member", email: "eve@example.org" })).slice(
    site.url.length,
  );
  const pages: [name: string, path: string, admin: boolean][] = [
    ["login", "/login", false],
    ["login-dead", "/login#token=dead", false],
    ["invite", link, false],
    ["invite-dead", "/invite#token=dead", false],
    ["device", device, true],
    ["device-unknown", "/authorize/device?code=AAAA-BBBB", true],
    ["settings", "/settings", true],
    ["keys", "/settings/keys", true],
    ["sessions", "/settings/sessions", true],
    ["teams", "/settings/teams", true],
    ["team", "/settings/teams/seen", true],
    ["users", "/settings/users", true],
    ["audit", "/settings/audit", true],
    ["project-settings", "/seen/shared/settings", true],
  ];
  const [stranger, admin] = [await visit("/login"), await visit("/settings", { admin: true })];
  for (const [name, path, signedIn] of pages) {
    const page = signedIn ? admin : stranger;
    // Out of the page first: an address that differs in its fragment alone would not be loaded.
    await page.goto("about:blank");
    await page.goto(path);
    await untilQuiet(page);
    for (const { colorScheme, viewport, look } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(excess, `${name} ${look}`).toBeLessThanOrEqual(0);
      expect(await violationsOf(page), `${name} ${look}`).toEqual([]);
      await screenshot(page, `account-${name}-${look}`);
    }
  }
  // 28 looks, 56 with BESOM_CI=full: minutes on a busy machine.
}, 900_000);

async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AxeBuilder.source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof AxeBuilder };
    const { violations } = await axe.run(document);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 160)}`);
  });
}
