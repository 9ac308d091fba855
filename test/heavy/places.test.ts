import { type SpawnOptions, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "@/db/embedded/postmaster";

/** The demo and the tests from checkouts as people have them. */
const ROOT = join(import.meta.dirname, "../..");
const asRoot = process.getuid?.() === 0;
const NOBODY = 65534;
/** Left out of a copy: what is made anew in each place. */
const WITH_PACKAGES = new Set([".git", ".next"]);
const BARE = new Set([...WITH_PACKAGES, "node_modules"]);

let parent: string;

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "besom-places-"));
  chmodSync(parent, 0o755);
});

afterAll(() => rmSync(parent, { recursive: true, force: true }));

test.runIf(asRoot)(
  "the demo works for a normal user, from a bare checkout on a path with a space, with NODE_ENV=production, and again",
  async () => {
    const home = join(parent, "a user's home");
    const checkout = copyCheckout(join(home, "my projects", "besom"), BARE);
    give(home, NOBODY);
    const options = { cwd: checkout, uid: NOBODY, gid: NOBODY };
    const env = { HOME: home, NODE_ENV: "production", npm_config_cache: join(home, ".npm") };
    const first = await demo(options, env);
    expect(first.output).toContain("installing packages");
    expect(first.output).toContain("npx besom best");
    expect(first).toMatchObject({ code: 0 });
    expect(existsSync(join(home, ".local/share/besom/postgres/data/PG_VERSION"))).toBe(true);
    // Next would install what it misses by itself, and write that down.
    for (const file of ["package.json", "package-lock.json", "tsconfig.json"]) {
      expect(readFileSync(join(checkout, file), "utf8")).toBe(readFileSync(join(ROOT, file), "utf8"));
    }
    const second = await demo(options, env);
    expect(second).toMatchObject({ code: 0 });
    expect(second.output).not.toContain("building the pages");
    expect(second.output).not.toContain("installing packages");
  },
);

test.runIf(asRoot)(
  "the demo works for root from a checkout in a home that nobody else may enter",
  async () => {
    const home = join(parent, "root");
    const checkout = copyCheckout(join(home, "besom"), WITH_PACKAGES);
    chmodSync(home, 0o700);
    const dataDir = join(parent, "data");
    const { code, output } = await demo({ cwd: checkout }, { HOME: home, BESOM_DATA_DIR: dataDir });
    expect(output).toContain("npx besom best");
    expect(code).toBe(0);
  },
);

test("`npm test` brings what tests need, even with NODE_ENV=production", async () => {
  const checkout = copyCheckout(join(parent, "bare", "besom"), BARE);
  const { code, output } = await npm(
    ["test", "--", "test/scripts"],
    { cwd: checkout },
    { NODE_ENV: "production", BESOM_TEST_DATABASE: "none" },
  );
  expect(output).toContain("installing packages");
  expect(output.trimEnd().split("\n").at(-1)).toMatch(/^\d+ passed, 0 failed$/);
  expect(code).toBe(0);
});

function copyCheckout(target: string, leftOut: ReadonlySet<string>): string {
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(ROOT)) {
    if (!leftOut.has(name) && !name.endsWith(".lock")) {
      cpSync(join(ROOT, name), join(target, name), { recursive: true, verbatimSymlinks: true });
    }
  }
  return target;
}

function give(folder: string, uid: number): void {
  chownSync(folder, uid, uid);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), uid, uid);
  }
}

const demo = async (options: SpawnOptions, env: Record<string, string>) =>
  npm(["run", "demo", "--", "--once"], options, { ...env, BESOM_PORT: String(await freePort(undefined)) });

/** npm in a place, without what would lead it back to this checkout or its data. */
function npm(
  words: readonly string[],
  options: SpawnOptions,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  // Ours, XDG_*, and what the npm and vitest that run this test have set.
  const stranger =
    /^(BESOM_|DATABASE_|XDG_|VITEST|NODE_ENV$|NODE_OPTIONS$|npm_(package|lifecycle|command|execpath)|INIT_CWD$)/;
  const kept = Object.entries(process.env).filter(([name]) => !stranger.test(name));
  const child = spawn("npm", words, {
    ...options,
    env: Object.assign({} as NodeJS.ProcessEnv, Object.fromEntries(kept), { CI: "true" }, env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (piece) => (output += piece));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
