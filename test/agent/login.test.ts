import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "@/agent/main";
import { ApproveDevice } from "@/graphql/operations/accounts";
import { ask, sharedServer } from "../support/server";

const ROOT = join(import.meta.dirname, "../..");
const server = sharedServer();

interface Typed {
  code: number;
  out: string;
  err: string;
}

interface Home {
  /** One command as it is typed; `stdin` is what a pipe or a person brings. */
  type(words: readonly string[], options?: { stdin?: string; env?: Record<string, string> }): Promise<Typed>;
  /** Starts to sign in, and waits until the terminal shows its code. */
  startLogin(
    words: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ code: string; done: Promise<Typed> }>;
  env: Record<string, string>;
  /** What `besom login` keeps. */
  path: string;
}

/** The command line in a home of its own. */
async function withHome<T>(body: (home: Home) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "besom-login-"));
  const env = { XDG_CONFIG_HOME: join(dir, "config"), BESOM_DATA_DIR: join(dir, "data") };
  const run = async (
    words: readonly string[],
    more: Record<string, string>,
    stdin: string,
    onErr: (text: string) => void,
  ): Promise<Typed> => {
    const typed = { out: "", err: "" };
    const code = await main(words, {
      env: { PATH: process.env.PATH, ...env, ...more },
      cwd: dir,
      out: (text) => {
        typed.out += `${text}\n`;
      },
      err: (text) => {
        typed.err += `${text}\n`;
        onErr(typed.err);
      },
      color: false,
      readSecret: async () => stdin,
    });
    return { code, ...typed };
  };
  const type: Home["type"] = (words, { stdin = "", env: more = {} } = {}) =>
    run(words, more, stdin, () => {});
  const startLogin: Home["startLogin"] = async (words, more = {}) => {
    let show = (_code: string) => {};
    const shown = new Promise<string>((resolve) => {
      show = resolve;
    });
    const done = run(["login", ...words], more, "", (err) => {
      const [, code] = /compare the code: (\S+)\n/.exec(err) ?? [];
      if (code) show(code);
    });
    const code = await Promise.race([
      shown,
      done.then(({ err }) => {
        throw new Error(`besom login ended without a code: ${err}`);
      }),
    ]);
    return { code, done };
  };
  try {
    return await body({ type, startLogin, env, path: join(env.XDG_CONFIG_HOME, "besom/credentials.json") });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const decide = (userCode: string, approve: boolean) =>
  ask(server(), ApproveDevice, { input: { userCode, approve } });

test("a key is taken from standard input, checked, and kept for its owner alone; the next command finds it", async () => {
  await withHome(async ({ type, path, env }) => {
    const { url, key } = server();
    const child = spawn(process.execPath, ["--import", "tsx", "agent/index.ts", "login", url, "--key", "-"], {
      cwd: ROOT,
      env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
    });
    const done = { err: "" };
    child.stderr.on("data", (bytes) => {
      done.err += String(bytes);
    });
    child.stdin.end(`${key}\n`);
    expect(await once(child, "close")).toEqual([0, null]);
    expect(done.err).toMatch(
      /^logged in to http\S+ as \S+; the key is kept in \S+credentials\.json \(profile 127\.0\.0\.1-\d+|localhost-\d+\)\n$/,
    );
    expect(done.err).not.toContain(key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await type(["runs", "aaaaaaaa"])).toMatchObject({
      code: 1,
      err: "besom: the server knows no sweep aaaaaaaa (or this key may not see it)\n",
    });
  });
});

test.each([
  ["a key that the server does not know", `besom-${"x".repeat(43)}`, 3, /besom: /],
  ["what is no key", "nonsense", 2, /that is no key: expected besom- and 43 letters and digits/],
  ["nothing", "", 2, /that is no key/],
])("%s is refused and not kept", async (_, stdin, code, message) => {
  await withHome(async ({ type }) => {
    const typed = await type(["login", server().url, "--key", "-"], { stdin });
    expect(typed.code).toBe(code);
    expect(typed.err).toMatch(message);
    expect(JSON.parse((await type(["login", "--list", "--json"])).out)).toEqual([]);
  });
});

test("a key as an argument is refused: everybody on the machine can read it", async () => {
  await withHome(async ({ type }) => {
    const typed = await type(["login", server().url, "--key", server().key]);
    expect(typed.code).toBe(2);
    expect(typed.err).toContain("in the list of processes: write --key -");
    expect(typed.err).not.toContain(server().key);
  });
});

test("a terminal waits for a word from the browser, gets a key of its own, and keeps it", async () => {
  await withHome(async ({ startLogin, type, path }) => {
    const { url, key } = server();
    const { code: shown, done } = await startLogin([url, "--profile", "work"]);
    await decide(shown, true);
    const { code, out, err } = await done;
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toContain(`${url}/authorize/device?code=`);
    expect(err).toMatch(/logged in to \S+ as \S+; .* \(profile work\)\n$/);
    const kept = JSON.parse(readFileSync(path, "utf8")).profiles.work as { url: string; key: string };
    expect(kept.url).toBe(url);
    expect(kept.key).not.toBe(key);
    expect(err).not.toContain(kept.key);
    expect((await type(["doctor"])).out).toMatch(/^ok {4}key: /m);
  });
});

test("a denied terminal ends with exit code 3 and keeps nothing", async () => {
  await withHome(async ({ startLogin, type }) => {
    const { code: shown, done } = await startLogin([server().url]);
    await decide(shown, false);
    const { code, err } = await done;
    expect(code).toBe(3);
    expect(err).toContain("denied in the browser; nothing was kept");
    expect((await type(["login", "--list"])).err).toBe(
      "no profile is kept; `npx besom login URL` makes one\n",
    );
  });
});

test("no display and a browser that can't be started are no trouble", async () => {
  await withHome(async ({ startLogin }) => {
    // There is no such display, and perhaps no xdg-open.
    const { code, done } = await startLogin([server().url], { DISPLAY: ":99" });
    await decide(code, true);
    expect((await done).code).toBe(0);
  });
});

test.each([
  ["an address that is no page's", { url: "file:///usr/share/applications/calculator.desktop" }],
  ["an address that is none", { url: "-rf" }],
  ["a code that steers the terminal", { userCode: "\u001b[2JBCDF" }],
])("a server that sends %s is believed nothing", async (_, sent) => {
  const answer = {
    deviceCode: "secret",
    userCode: "BCDF-GHJK",
    url: "http://here/",
    intervalMs: 10,
    ...sent,
  };
  const stranger = createHttpServer((_request, response) => response.end(JSON.stringify(answer)));
  stranger.listen(0, "127.0.0.1");
  await once(stranger, "listening");
  const { port } = stranger.address() as AddressInfo;
  try {
    await withHome(async ({ type }) => {
      const { code, err } = await type(["login", `http://127.0.0.1:${port}`]);
      expect(code).toBe(4);
      expect(err).toMatch(/^besom: the server at \S+ answered 200 without an answer of Besom's/);
      expect(err).not.toContain(Object.values(sent)[0]);
    });
  } finally {
    stranger.close();
  }
});

test("several servers are kept side by side: listed, switched, chosen for one command, forgotten", async () => {
  await withHome(async ({ type }) => {
    const { url, key } = server();
    const elsewhere = url.replace("127.0.0.1", "localhost");
    for (const [address, profile] of [
      [url, "one"],
      [elsewhere, "two"],
    ] as const)
      expect((await type(["login", address, "--profile", profile, "--key", "-"], { stdin: key })).code).toBe(
        0,
      );
    const list = async () =>
      (
        JSON.parse((await type(["login", "--list", "--json"])).out) as { profile: string; default: boolean }[]
      ).map(({ profile, default: chosen }) => `${profile}${chosen ? "*" : ""}`);
    expect(await list()).toEqual(["one", "two*"]);
    expect((await type(["login", "--list"])).out).toMatch(/^PROFILE +SERVER +USER +DEFAULT\none +http/);

    expect(await type(["login", "--use", "one"])).toMatchObject({
      code: 0,
      err: `${url} is asked by default now (profile one)\n`,
    });
    expect(await list()).toEqual(["one*", "two"]);
    const asked = async (words: string[], env: Record<string, string> = {}) =>
      /^ok {4}server: (\S+),/m.exec((await type(["doctor", ...words], { env })).out)?.[1];
    expect(await asked([])).toBe(url);
    expect(await asked(["--profile", "two"])).toBe(elsewhere);
    expect(await asked([], { BESOM_PROFILE: "two" })).toBe(elsewhere);
    expect(await type(["runs", "aaaaaaaa", "--profile", "three"])).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no profile "three"; there are one, two'),
    });

    const gone = await type(["logout"]);
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.err).toContain(`it works until it is revoked at ${url}/settings/keys`);
    expect(await list()).toEqual(["two"]);
    expect((await type(["logout"])).code).toBe(2);
    expect((await type(["logout", "--profile", "two"])).code).toBe(0);
    expect(await list()).toEqual([]);
  });
});

test("an address that is no server's is exit code 4, one that is none at all 2", async () => {
  await withHome(async ({ type }) => {
    const nowhere = `http://127.0.0.1:${await findClosedPort()}`;
    expect(await type(["login", nowhere])).toMatchObject({
      code: 4,
      err: expect.stringContaining(`can't reach the Besom server at ${nowhere} (connection refused)`),
    });
    expect(await type(["login", "ftp://x"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("must look like http://host:3000"),
    });
    expect((await type(["login", server().url, "--profile", "a b"])).code).toBe(2);
  });
});

/** One that was free a moment ago. */
async function findClosedPort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
