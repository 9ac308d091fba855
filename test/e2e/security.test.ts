import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { toDocument } from "@/graphql/operations";
import { untilQuiet } from "../support/browser";
import { DIGITS_SWEEP, train } from "../support/seed";
import { visitSite } from "../support/visit";

const visit = visitSite({ own: true });
const ROUTES = findRoutes();
/** What stands for the names in brackets. */
const places = new Map<string, string>();

beforeAll(async () => {
  const { driver, entity } = visit.site();
  const sweep = await driver.createSweep(DIGITS_SWEEP, { project: "doors" });
  const agentId = await driver.registerAgent(sweep.id, "gpu-box-1");
  const [claim] = await driver.claim(sweep.id, agentId);
  if (!claim) throw new Error("no run to look at");
  await driver.finish(claim, { series: train(JSON.parse(claim.params)), output: ["epoch 1"] });
  await driver.send(
    toDocument('mutation { createTeam(input: {name: "doors-team"}) { error { code } } }'),
    {},
  );
  places.set("team", "doors-team");
  for (const [name, value] of Object.entries({
    entity,
    project: "doors",
    sweepId: sweep.id,
    name: claim.name,
  }))
    places.set(name, value);
});

const toPath = (route: string): string =>
  route.replaceAll(/\[(\w+)\]/g, (_all, name: string) => {
    const value = places.get(name);
    if (value === undefined) throw new Error(`${route}: the test doesn't know what [${name}] stands for`);
    return encodeURIComponent(value);
  });

/** What the browser refused to load or run because of the policy, from the first script on. */
async function watch(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const refused: string[] = [];
    Object.assign(window, { refused });
    document.addEventListener(
      "securitypolicyviolation",
      ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
        refused.push(`${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`),
    );
  });
  return () => page.evaluate(() => (window as unknown as { refused: string[] }).refused);
}

/** One policy is made for all pages in one place: the brief tests look at it where most is loaded, and at every third of the others. */
const WATCHED = ROUTES.filter(
  (route, i) =>
    process.env.BESOM_CI !== "brief" || i % 3 === 0 || /\[sweepId\]$|\[runName\]|explorer/.test(route),
);

describe("every page", () => {
  test.each(WATCHED)("%s keeps its own policy", async (route) => {
    const { page, troubles } = await visit.open("about:blank");
    const refused = await watch(page);
    const response = await page.goto(toPath(route));
    await untilQuiet(page);
    expect(response?.ok()).toBe(true);
    expect(await refused()).toEqual([]);
    expect(troubles).toEqual([]);

    const headers = response?.headers() ?? {};
    const policy = readPolicy(headers["content-security-policy"] ?? "");
    expect(policy.get("script-src")).toMatch(/^'self' 'nonce-[\w+/=]{22,}'$/);
    for (const [directive, value] of Object.entries({
      "default-src": "'self'",
      "object-src": "'none'",
      "base-uri": "'none'",
      "form-action": "'self'",
      "frame-ancestors": "'none'",
      "script-src-attr": "'none'",
    }))
      expect([directive, policy.get(directive)]).toEqual([directive, value]);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "same-origin",
      "permissions-policy": expect.stringContaining("camera=()"),
    });
    const html = (await response?.text()) ?? "";
    const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)([^>]*)>/g)].map(
      ([, attributes = ""]) => attributes,
    );
    expect(inline.filter((attributes) => !/\bnonce="[\w+/=]+"/.test(attributes))).toEqual([]);
    expect(html).not.toMatch(/<[^>]+\son\w+=["']/);
  });

  test("has a nonce of its own at each load, and runs nothing that came in between", async () => {
    const { page } = await visit.open("/login");
    const refused = await watch(page);
    const nonces = [];
    for (let i = 0; i < 3; i++) {
      const response = await page.goto("/");
      nonces.push(/'nonce-([^']+)'/.exec(response?.headers()["content-security-policy"] ?? "")?.[1]);
    }
    expect(new Set(nonces).size).toBe(3);
    await page.evaluate(() => {
      const image = document.createElement("img");
      image.setAttribute("onerror", "window.broken = 1");
      image.src = "data:,";
      const script = document.createElement("script");
      script.textContent = "window.broken = 2";
      document.body.append(image, script);
      document.body.insertAdjacentHTML(
        "beforeend",
        '<iframe srcdoc="<script>parent.broken = 3</script>"></iframe>',
      );
    });
    await page.waitForFunction(() => (window as unknown as { refused: string[] }).refused.length >= 2);
    expect(await page.evaluate(() => (window as unknown as { broken?: number }).broken)).toBeUndefined();
    expect((await refused()).join()).toContain("script-src");
  });

  test("that isn't there has the same policy", async () => {
    const { page } = await visit.open("/login");
    const refused = await watch(page);
    const response = await page.goto("/no/such/page/anywhere");
    await untilQuiet(page);
    expect([response?.status(), await refused()]).toEqual([404, []]);
  });
});

function readPolicy(text: string): Map<string, string> {
  return new Map(
    text.split("; ").map((part) => [part.split(" ", 1)[0] ?? "", part.slice(part.indexOf(" ") + 1)] as const),
  );
}

/** Every page of the app, so that none is forgotten. */
function findRoutes(): string[] {
  const app = join(import.meta.dirname, "../../app");
  return readdirSync(app, { recursive: true, encoding: "utf8" })
    .filter((file) => /(?:^|\/)page\.tsx$/.test(file))
    .map((file) => `/${file.replace(/\/?page\.tsx$/, "")}`)
    .sort();
}
