import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Database, openDatabase } from "@/db/client";
import { sessionCookie } from "@/graphql/http/credentials";
import { readOpenIdSettings } from "@/graphql/http/openid";
import { startServer } from "@/server";
import { createDatabase } from "../support/database";
import { Browser, openProvider, type TestProvider } from "../support/openid-provider";
import { ask, send } from "../support/server";
import { cookieOf, openLink } from "../support/sign-in";

interface Stage {
  url: string;
  key: string;
  loginUrl: string;
  db: Database;
  provider: TestProvider;
  /** The whole way with a fresh browser. @returns where it ends, and who is signed in then */
  visit(browser?: Browser): Promise<{ end: string; name: string | undefined; browser: Browser }>;
  logged: string[];
}

/** A server that knows a provider, both real. */
async function withProvider(allow: string, body: (stage: Stage) => Promise<void>): Promise<void> {
  const provider = await openProvider();
  const database = await createDatabase();
  const folder = mkdtempSync(join(tmpdir(), "besom-openid-"));
  const secret = join(folder, "secret");
  writeFileSync(secret, `${provider.clientSecret}\n`);
  const logged: string[] = [];
  const note = (fields: object, message: string) => logged.push(`${message} ${JSON.stringify(fields)}`);
  const server = await startServer({
    env: {
      NODE_ENV: "test",
      BESOM_DATA_DIR: folder,
      DATABASE_URL: database.url,
      BESOM_OIDC_ISSUER: provider.issuer,
      BESOM_OIDC_CLIENT_ID: provider.clientId,
      BESOM_OIDC_CLIENT_SECRET_FILE: secret,
      BESOM_OIDC_NAME: "Uni",
      BESOM_OIDC_ALLOW: allow,
    },
    port: 0,
    next: false,
    log: { debug() {}, info() {}, warn: note, error: note },
  });
  const db = openDatabase(database.url, { max: 2 });
  const { url, key = "", loginUrl = "" } = server;
  provider.allowRedirectTo(`${url}/login/oidc/callback`);
  const visit = async (browser = new Browser()) => {
    const end = await browser.follow(`${url}/login/oidc`, `${url}/login?`);
    const { data } = await send<{ viewer: { name: string } }>({ url }, "{ viewer { name } }", undefined, {
      cookie: browser.cookie(url),
      origin: url,
    });
    return { end: end.slice(url.length), name: data?.viewer.name, browser };
  };
  try {
    await body({ url, key, loginUrl, db, provider, visit, logged });
  } finally {
    await db.close();
    await server.close();
    await provider.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("signing in by OpenID", () => {
  test("makes an account for people of an allowed domain, finds it again, and gives each a name of their own", () =>
    withProvider("uni.example", async ({ url, key, db, provider, visit, logged }) => {
      expect(await ask({ url, key }, "{ serverInfo { openId } }")).toEqual({ serverInfo: { openId: "Uni" } });
      provider.person = { subject: "1", email: "Zoë@Uni.example", username: "Zoë Müller", name: "Zoë" };
      expect(await visit()).toMatchObject({ end: "/", name: "zoe-muller" });
      provider.person = { subject: "1", email: "renamed@uni.example", username: "other" };
      expect(await visit()).toMatchObject({ end: "/", name: "zoe-muller" });
      // The same name, another person; and one that a path of ours has.
      provider.person = { subject: "2", email: "b@uni.example", username: "ZOE-muller" };
      expect(await visit()).toMatchObject({ name: "zoe-muller-2" });
      provider.person = { subject: "3", email: "c@uni.example", username: "graphql" };
      expect(await visit()).toMatchObject({ name: "graphql-2" });
      const [row] = await db.sql`
        select email, display_name as name, oidc_issuer as issuer, admin from users where oidc_subject = '1'`;
      expect(row).toEqual({ email: "zoë@uni.example", name: "Zoë", issuer: provider.issuer, admin: false });
      expect(logged).toEqual([]);
    }));

  test("lets nobody in whom it does not know: another domain, an unconfirmed address, a no at the provider", () =>
    withProvider("uni.example", async ({ db, provider, visit, logged }) => {
      const no = async (end: string) => expect(await visit()).toMatchObject({ end, name: undefined });
      provider.person = { subject: "4", email: "x@elsewhere.example" };
      await no("/login?error=openid_no_account");
      provider.person = { subject: "5", email: "x@uni.example", emailVerified: false };
      await no("/login?error=openid_no_account");
      provider.person = { subject: "6" };
      await no("/login?error=openid_no_account");
      provider.person = undefined;
      await no("/login?error=openid_refused");
      expect(await db.sql`select from users`).toHaveLength(1);
      expect(logged.join()).not.toContain(provider.clientSecret);
    }));

  test("ties an account by a confirmed address only; by an unconfirmed one its owner has to be signed in", () =>
    withProvider("", async ({ url, key, loginUrl, db, provider, visit }) => {
      const typed = 'mutation { updateProfile(input: {email: "me@uni.example"}) { error { code } } }';
      // An administrator's own word counts; take that away to have a user who typed an address.
      await ask({ url, key }, typed);
      await db.sql`update users set email_verified_at = null`;
      const [{ name = "" } = {}] = await db.sql<{ name: string }[]>`select name from entities`;
      provider.person = { subject: "7", email: "me@uni.example" };
      expect(await visit()).toMatchObject({ end: "/login?error=openid_unconfirmed", name: undefined });

      const browser = new Browser();
      const cookie = cookieOf(await openLink(loginUrl));
      browser.set(url, cookie);
      browser.at = `${url}/login`;
      expect(await visit(browser)).toMatchObject({ end: "/", name });
      expect(await visit()).toMatchObject({ end: "/", name });
      // Another identity with that address does not get in, now that the account is tied.
      await db.sql`update users set email_verified_at = now()`;
      provider.person = { subject: "8", email: "me@uni.example" };
      expect(await visit()).toMatchObject({ end: "/login?error=openid_taken", name: undefined });
      await db.sql`update users set disabled_at = now()`;
      provider.person = { subject: "7", email: "me@uni.example" };
      expect(await visit()).toMatchObject({ end: "/login?error=openid_disabled" });
    }));

  test("another site that sends somebody through the provider ties nothing to their account", () =>
    withProvider("", async ({ url, loginUrl, db, provider, visit }) => {
      // Whoever made the victim's browser sign in at the provider as themselves would else own the account.
      provider.person = { subject: "mallory" };
      const victim = new Browser();
      victim.set(url, cookieOf(await openLink(loginUrl)));
      const untied = async (end: string) => {
        expect(end).toBe("/login?error=openid_no_account");
        expect(await db.sql`select from users where oidc_subject is not null`).toHaveLength(0);
      };
      await untied((await visit(victim)).end);
      for (const site of ["cross-site", "same-site", "none"]) {
        const headers = { cookie: victim.cookie(url), referer: `${url}/login`, "sec-fetch-site": site };
        const gone = await fetch(`${url}/login/oidc`, { redirect: "manual", headers });
        victim.set(url, cookieOf(gone));
        const end = await victim.follow(gone.headers.get("location") ?? "", `${url}/login?`);
        await untied(end.slice(url.length));
      }
      // Nor does it count for whoever is signed in meanwhile.
      const other = new Browser();
      other.at = `${url}/login`;
      const back = await other.follow(`${url}/login/oidc`, `${url}/login/oidc/callback`);
      other.set(url, victim.cookie(url));
      await untied(((await other.get(back)).headers.get("location") ?? "").slice(url.length));
    }));

  test("what the provider confirmed counts no more once its user has typed another address", () =>
    withProvider("uni.example", async ({ url, provider, visit }) => {
      provider.person = { subject: "9", email: "me@uni.example", username: "mallory" };
      const { browser } = await visit();
      const typed = await send<{ updateProfile: { error: unknown } }>(
        { url },
        'mutation { updateProfile(input: {email: "victim@uni.example"}) { error { code } } }',
        undefined,
        { cookie: browser.cookie(url), origin: url },
      );
      expect(typed.data.updateProfile.error).toBeNull();
      // The address's owner must not end up in the account of whoever typed it.
      provider.person = { subject: "10", email: "victim@uni.example" };
      expect(await visit()).toMatchObject({ end: "/login?error=openid_unconfirmed", name: undefined });
    }));

  test("a code counts only with the browser that asked for it, once", () =>
    withProvider("*", async ({ url, provider }) => {
      provider.person = { subject: "11", username: "eve" };
      const browser = new Browser();
      const back = await browser.follow(`${url}/login/oidc`, `${url}/login/oidc/callback`);
      // In another browser: that of somebody who was sent the address.
      const other = await new Browser().get(back);
      expect(other.headers.get("location")).toBe(`${url}/login?error=openid_stale`);
      const forged = new Browser();
      await forged.get(`${url}/login/oidc`);
      expect((await forged.get(back)).headers.get("location")).toBe(`${url}/login?error=openid_refused`);
      const mine = await browser.get(back);
      expect(mine.headers.get("location")).toBe(`${url}/`);
      expect(mine.headers.get("cache-control")).toBe("no-store");
      expect((await browser.get(back)).headers.get("location")).toBe(`${url}/login?error=openid_stale`);
    }));

  test("one address can't send us to the provider without end", () =>
    withProvider("*", async ({ url }) => {
      const attempt = Buffer.from(JSON.stringify({ state: "s", nonce: "n", verifier: "v".repeat(43) }));
      const headers = {
        cookie: `${sessionCookie(url).replace("besom_session", "besom_oidc")}=${attempt.toString("base64url")}`,
      };
      const knock = async () => {
        const answer = await fetch(`${url}/login/oidc/callback?code=made-up&state=s`, {
          redirect: "manual",
          headers,
        });
        return `${answer.status} ${answer.headers.get("location")?.slice(url.length) ?? ""}`;
      };
      const answers: string[] = [];
      while (answers.length < 3_000 && !answers.at(-1)?.startsWith("429"))
        answers.push(...(await Promise.all(Array.from({ length: 50 }, knock))));
      expect(answers[0]).toBe("303 /login?error=openid_refused");
      expect(answers).toContain("429 ");
    }));

  test("a provider that is down is said so, and everything else goes on; it is found when it is back", () =>
    withProvider("*", async ({ loginUrl, provider, visit }) => {
      await provider.close();
      expect(await visit()).toMatchObject({ end: "/login?error=openid_unavailable" });
      expect((await openLink(loginUrl)).status).toBe(200);
      const again = await openProvider(Number(new URL(provider.issuer).port));
      try {
        const { end } = await visit();
        expect(end).not.toContain("unavailable");
      } finally {
        await again.close();
      }
    }));

  test("settings that can't be are named", () => {
    const read = (env: Record<string, string>) => () =>
      readOpenIdSettings({
        NODE_ENV: "test",
        BESOM_OIDC_ISSUER: "https://id.example",
        BESOM_OIDC_CLIENT_ID: "b",
        ...env,
      });
    expect(readOpenIdSettings({ NODE_ENV: "test" })).toBeUndefined();
    expect(read({})()).toMatchObject({ name: "id.example", allow: [], clientSecret: undefined });
    expect(read({ BESOM_OIDC_ALLOW: "A.example, b.example" })()).toMatchObject({
      allow: ["a.example", "b.example"],
    });
    expect(read({ BESOM_OIDC_ISSUER: "id.example" })).toThrow("BESOM_OIDC_ISSUER");
    expect(read({ BESOM_OIDC_ISSUER: "http://id.example" })).toThrow("https");
    expect(read({ BESOM_OIDC_CLIENT_ID: "" })).toThrow("BESOM_OIDC_CLIENT_ID");
    expect(read({ BESOM_OIDC_ALLOW: "me@a.example" })).toThrow("BESOM_OIDC_ALLOW");
    expect(read({ BESOM_OIDC_CLIENT_SECRET_FILE: "/nowhere/secret" })).toThrow(
      "BESOM_OIDC_CLIENT_SECRET_FILE",
    );
  });
});
