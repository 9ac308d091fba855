import { beforeAll, describe, expect, test } from "vitest";
import { ask, send, sharedServer, type TestServer, withServerOn } from "../support/server";
import { cookieOf, openLink, postJson } from "../support/sign-in";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  postJson(server.url, path, body, headers);
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; details: Record<string, unknown> } }).error;
const own = (cookie: string) => ({ cookie, origin: server.url });
const byCookie = <T>(cookie: string, query: string) =>
  send<T>({ url: server.url }, query, undefined, own(cookie));

/** Somebody new, by an invitation of the administrator. */
async function invite(name: string, input = ""): Promise<{ cookie: string; url: string; token: string }> {
  const { createInvitation } = await ask<{ createInvitation: { url: string } }>(
    server,
    `mutation { createInvitation(input: {${input}}) { url error { message } } }`,
  );
  const token = new URLSearchParams(new URL(createInvitation.url).hash.slice(1)).get("token") ?? "";
  const response = await post("/invite/accept", { token, name, password: "violet otter harbour" });
  expect(response.status).toBe(200);
  const { url } = (await response.json()) as { url: string };
  return { cookie: cookieOf(response), url, token };
}

describe("the doors of signing in", () => {
  test("an invitation makes an account, whose password signs in by name", async () => {
    const { cookie, url, token } = await invite("nina", 'email: "nina@example.org"');
    expect(url).toBe(`${server.url}/`);
    const { data } = await byCookie<{ viewer: object }>(
      cookie,
      "{ viewer { name email hasPassword admin teams { role } } sessions { current userAgent address } }",
    );
    expect(data).toEqual({
      viewer: { name: "nina", email: "nina@example.org", hasPassword: true, admin: false, teams: [] },
      sessions: [{ current: true, userAgent: "node", address: "127.0.0.1" }],
    });
    const used = await post("/invite", { token });
    expect([used.status, (await errorOf(used)).code]).toEqual([401, "UNAUTHENTICATED"]);

    const signedIn = await post("/login", { name: "NINA", password: "violet otter harbour" });
    expect([signedIn.status, await signedIn.json()]).toEqual([200, { url: `${server.url}/` }]);
    expect(signedIn.headers.get("cache-control")).toBe("no-store");
    expect(signedIn.headers.get("set-cookie")).toMatch(/; HttpOnly; SameSite=Lax/);
    const wrong = await post("/login", { name: "nina", password: "violet otter harbor" });
    expect([wrong.status, wrong.headers.get("set-cookie")]).toEqual([401, null]);
    expect(await errorOf(wrong)).toEqual({
      code: "UNAUTHENTICATED",
      message: "the name or the password is wrong",
      details: {},
    });
  });

  test("an invitation shows who invites where, and whoever is signed in accepts with one click", async () => {
    await ask(server, 'mutation { createTeam(input: {name: "lab"}) { error { message } } }');
    const { cookie } = await invite("olga");
    const { createInvitation } = await ask<{ createInvitation: { url: string } }>(
      server,
      'mutation { createInvitation(input: {team: "lab", role: viewer}) { url } }',
    );
    const token = new URLSearchParams(new URL(createInvitation.url).hash.slice(1)).get("token");
    const look = async (headers?: Record<string, string>) =>
      ((await (await post("/invite", { token }, headers)).json()) as { invitation: object }).invitation;
    expect(await look()).toMatchObject({ team: "lab", project: null, role: "viewer", signedInAs: null });
    expect(await look(own(cookie))).toMatchObject({ signedInAs: "olga" });
    const nobody = await post("/invite/accept", { token });
    expect(nobody.status).toBe(401);
    const accepted = await post("/invite/accept", { token }, own(cookie));
    expect([accepted.status, await accepted.json()]).toEqual([200, { url: `${server.url}/lab` }]);
    const { data } = await byCookie(cookie, "{ viewer { teams { role entity { name kind viewerRole } } } }");
    expect(data).toEqual({
      viewer: { teams: [{ role: "viewer", entity: { name: "lab", kind: "team", viewerRole: "viewer" } }] },
    });
  });

  test("another site's page can do none of it, with or without the cookie", async () => {
    const { cookie } = await invite("paul");
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "https://evil.example", cookie },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { cookie },
    ] as Record<string, string>[]) {
      for (const path of ["/login", "/invite", "/invite/accept", "/login/device", "/login/device/poll"]) {
        const response = await post(path, { name: "paul", password: "violet otter harbour" }, headers);
        expect([path, response.status]).toEqual([path, 403]);
      }
      const logout = await fetch(`${server.url}/logout`, { method: "POST", headers, redirect: "manual" });
      expect(logout.status).toBe(403);
    }
    const form = await fetch(`${server.url}/login`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: '{"name":"paul","password":"violet otter harbour"}',
    });
    expect(form.status).toBe(400);
  });

  test("what is sent to them is never repeated, whatever it is", async () => {
    const secret = "a-secret-that-nobody-repeats";
    const bodies = [
      `{"password":"${secret}"`,
      `["${secret}"]`,
      `"${secret}"`,
      JSON.stringify({ token: { secret } }),
      JSON.stringify({ name: { secret }, password: secret }),
      JSON.stringify({ name: secret, password: [secret] }),
      JSON.stringify({ token: secret, name: "x y", password: secret }),
    ];
    for (const path of ["/login", "/invite", "/invite/accept", "/login/device/poll"]) {
      for (const body of bodies) {
        const response = await fetch(`${server.url}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        expect([400, 401, 403]).toContain(response.status);
        expect(await response.text()).not.toContain(`${secret}"}`);
      }
    }
    const large = await post("/login", { token: "x".repeat(20_000) });
    expect(large.status).toBe(413);
    const get = await fetch(`${server.url}/login/device`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("signing in again ends the browser's session from before, signing out ends it at once", async () => {
    const { cookie } = await invite("quinn");
    const again = await post("/login", { name: "quinn", password: "violet otter harbour" }, own(cookie));
    expect((await byCookie(cookie, "{ viewer { name } }")).status).toBe(401);
    const fresh = cookieOf(again);
    expect((await byCookie(fresh, "{ viewer { name } }")).status).toBe(200);
    const out = await fetch(`${server.url}/logout`, {
      method: "POST",
      headers: own(fresh),
      redirect: "manual",
    });
    expect([out.status, out.headers.get("location")]).toEqual([303, `${server.url}/login`]);
    expect((await byCookie(fresh, "{ viewer { name } }")).status).toBe(401);
  });

  test("too many wrong passwords are told to wait, on another server of the database too", async () => {
    await invite("rita");
    const guess = (url: string) => postJson(url, "/login", { name: "rita", password: "not this one" });
    for (let i = 0; i < 6; i++) expect((await guess(server.url)).status).toBe(401);
    await server.db
      .sql`update sign_in_failures set blocked_until = now() + interval '1 hour' where blocked_until > last_at`;
    await withServerOn(server.databaseUrl, async (second) => {
      const response = await guess(second.url);
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      const { code, details } = await errorOf(response);
      expect([code, typeof details.retryAfterMs]).toEqual(["RATE_LIMITED", "number"]);
    });
    await server.db.sql`delete from sign_in_failures`;
  });

  test("a terminal gets its key when somebody who is signed in says yes to its code", async () => {
    const started = (await (await post("/login/device", { label: "laptop" })).json()) as Record<
      string,
      string
    >;
    expect(started).toMatchObject({
      intervalMs: 2_000,
      url: `${server.url}/authorize/device?code=${started.userCode}`,
    });
    const poll = async () =>
      (await (await post("/login/device/poll", { deviceCode: started.deviceCode })).json()) as object;
    expect(await poll()).toEqual({ status: "pending" });
    const { cookie } = await invite("sam");
    const shown = await byCookie(
      cookie,
      `{ deviceLogin(userCode: "${started.userCode}") { label address } }`,
    );
    expect(shown.data).toEqual({ deviceLogin: { label: "laptop", address: "127.0.0.1" } });
    const { data } = await byCookie<{ approveDevice: object }>(
      cookie,
      `mutation { approveDevice(input: {userCode: "${started.userCode}", approve: true}) { label approved error { code } } }`,
    );
    expect(data.approveDevice).toEqual({ label: "laptop", approved: true, error: null });
    const { key, ...rest } = (await poll()) as { key: string };
    expect(rest).toEqual({ status: "approved", name: "sam" });
    expect(
      await ask({ url: server.url, key }, "{ viewer { name } apiKeys { name scope project { name } } }"),
    ).toEqual({
      viewer: { name: "sam" },
      apiKeys: [{ name: "laptop", scope: "full", project: null }],
    });
    expect(await poll()).toEqual({ status: "expired" });
  });

  test("a used link says so, and its token stands in no address that a server sees", async () => {
    const { createLoginLink } = await ask<{ createLoginLink: { url: string } }>(
      server,
      "mutation { createLoginLink(input: {}) { url } }",
    );
    expect((await openLink(createLoginLink.url)).status).toBe(200);
    const again = await openLink(createLoginLink.url);
    expect([again.status, (await errorOf(again)).code]).toEqual([401, "UNAUTHENTICATED"]);
    // What used to sign in by GET only shows a page now; there are none here.
    const old = await fetch(createLoginLink.url.replace("#", "?"), { redirect: "manual" });
    expect([old.status, old.headers.get("set-cookie")]).toEqual([404, null]);
  });

  test("one address can't knock without end", async () => {
    await withServerOn(server.databaseUrl, async ({ url }) => {
      const knock = async () => (await postJson(url, "/invite", { token: "guess" })).status;
      const statuses: number[] = [];
      while (statuses.length < 3_000 && statuses.at(-1) !== 429)
        statuses.push(...(await Promise.all(Array.from({ length: 50 }, knock))));
      expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(300);
      expect(statuses).toContain(429);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
    });
  });
});
