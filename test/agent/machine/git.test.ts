import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MAX_DIFF_BYTES, Repository, withoutSecrets } from "@/agent/machine/git";
import { findInterpreter, Interpreters } from "@/agent/machine/interpreter";

const git = (cwd: string, ...words: string[]) =>
  execFileSync("git", ["-c", "user.name=ada", "-c", "user.email=ada@x.org", ...words], {
    cwd,
    encoding: "utf8",
  }).trim();

async function withRepository(body: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), "besom-repo-")));
  try {
    git(cwd, "init", "-q", "-b", "trunk");
    writeFileSync(join(cwd, "a.txt"), "one\n");
    git(cwd, "add", ".");
    git(cwd, "commit", "-qm", "first");
    await body(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

const commitOf = async (repository: Repository) => (await repository.read())?.facts.commit;

test("a repository is read once, and again when HEAD moved", async () => {
  await withRepository(async (cwd) => {
    const repository = new Repository(cwd, process.env, true);
    const first = git(cwd, "rev-parse", "HEAD");
    expect(await repository.read()).toEqual({
      facts: { root: cwd, branch: "trunk", commit: first, dirty: false, diffBytes: 0, diffCut: false },
      diff: undefined,
    });
    expect(await repository.read()).toBe(await repository.read());
    git(cwd, "commit", "-q", "--allow-empty", "-m", "second");
    expect(await commitOf(repository)).toBe(git(cwd, "rev-parse", "HEAD"));
    git(cwd, "checkout", "-q", first);
    expect(await commitOf(repository)).toBe(first);
  });
});

test("a long diff is counted and cut at a line, one that is not wanted is left out", async () => {
  await withRepository(async (cwd) => {
    writeFileSync(join(cwd, "a.txt"), "grün 😀\n".repeat(100_000));
    const { facts, diff = "" } = (await new Repository(cwd, process.env, true).read()) ?? {};
    expect(facts).toMatchObject({ dirty: true, diffCut: true });
    expect(facts?.diffBytes).toBeGreaterThan(1_000_000);
    expect(Buffer.byteLength(diff)).toBeLessThanOrEqual(MAX_DIFF_BYTES);
    expect(diff.endsWith("+grün 😀\n")).toBe(true);
    const without = await new Repository(cwd, process.env, false).read();
    expect(without?.diff).toBeUndefined();
    expect(without?.facts).not.toHaveProperty("diffBytes");
    expect(without?.facts.dirty).toBe(true);
  });
});

test("outside of a repository, and without git, there is nothing to say", async () => {
  expect(await new Repository("/", process.env, true).read()).toBeUndefined();
  await withRepository(async (cwd) => {
    expect(await new Repository(cwd, { PATH: "/nowhere" }, true).read()).toBeUndefined();
  });
});

test("a token in a remote's address is left out", () => {
  expect(withoutSecrets("https://ada:ghp_x@example.org/a/b.git")).toBe("https://example.org/a/b.git");
  expect(withoutSecrets("git@example.org:a/b.git")).toBe("git@example.org:a/b.git");
  expect(withoutSecrets("git+ssh://tok@example.org/a")).toBe("git+ssh://example.org/a");
  expect(withoutSecrets("https://ada:p@ss@example.org/a@b")).toBe("https://example.org/a@b");
});

test("the interpreter of a command is found behind env, as a script's own, and asked once for what it has", async () => {
  const path = process.env.PATH ?? "";
  const find = (...argv: string[]) => findInterpreter(argv, "/", path)?.path;
  expect(find("/usr/bin/env", "python3", "x.py")).toMatch(/\/python3$/);
  expect(find("nice", "-n", "5", process.execPath, "x.js")).toBe(process.execPath);
  expect(find("sh", "-c", "true")).toBeUndefined();
  const dir = mkdtempSync(join(tmpdir(), "besom-bin-"));
  writeFileSync(join(dir, "torchrun"), "#!/usr/bin/env python3\n", { mode: 0o755 });
  expect(findInterpreter(["torchrun", "x.py"], "/", `${dir}:${path}`)?.path).toMatch(/\/python3$/);
  rmSync(dir, { recursive: true });
  const interpreters = new Interpreters("/", process.env);
  const [python, again, node] = await Promise.all([
    interpreters.of(["python3", "x.py"]),
    interpreters.of(["python3", "y.py"]),
    interpreters.of([process.execPath]),
  ]);
  expect(python.python).toMatch(/^3\.\d+/);
  expect(python.packages).toBeTypeOf("object");
  expect(again).toBe(python);
  expect(node).toEqual({ node: process.version });
});
