import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttemptFacts } from "@/graphql/operations";
import { run } from "./ask";

type Env = Readonly<Record<string, string | undefined>>;

export interface GitFacts {
  facts: NonNullable<AttemptFacts["git"]>;
  /** What the working tree has beside the commit, as far as it is kept. */
  diff: string | undefined;
}

export const MAX_DIFF_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * The repository that a folder lies in, asked of git once and again only when HEAD moved: an agent of a thousand short runs
 * must not start four processes for each.
 */
export class Repository {
  private asked: { head: string; answer: Promise<GitFacts | undefined> } | undefined;
  private place: Promise<{ root: string; gitDir: string; commonDir: string } | undefined> | undefined;
  private readonly env: Env;

  constructor(
    private readonly cwd: string,
    env: Env,
    private readonly withDiff: boolean,
  ) {
    // Reading must not take the lock that the user's own git waits for.
    this.env = { ...env, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
  }

  /** Undefined outside of a repository, and where there is no git. */
  async read(): Promise<GitFacts | undefined> {
    this.place ??= this.find();
    const place = await this.place;
    if (!place) return undefined;
    const head = readHead(place);
    if (this.asked?.head !== head) this.asked = { head, answer: this.ask(place.root) };
    return this.asked.answer;
  }

  private async find() {
    const text = await this.git("rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir");
    const [root, gitDir, common] = text?.split("\n") ?? [];
    if (!root || !gitDir || !common) return undefined;
    // Relative to where git was asked.
    return { root, gitDir, commonDir: common.startsWith("/") ? common : join(this.cwd, common) };
  }

  private async ask(root: string): Promise<GitFacts> {
    const [commit, branch, remote, diff] = await Promise.all([
      this.git("rev-parse", "HEAD"),
      this.git("rev-parse", "--abbrev-ref", "HEAD"),
      this.git("remote", "get-url", "origin"),
      this.withDiff ? readDiff(root, this.env) : undefined,
    ]);
    const changed = diff
      ? diff.bytes > 0
      : !!(await this.git("status", "--porcelain", "--untracked-files=no"));
    return {
      facts: {
        root,
        dirty: changed,
        ...(commit && { commit }),
        ...(branch && branch !== "HEAD" && { branch }),
        ...(remote && { remote: withoutSecrets(remote) }),
        ...(diff && { diffBytes: diff.bytes, diffCut: diff.cut }),
      },
      diff: diff?.text || undefined,
    };
  }

  private async git(...words: string[]): Promise<string | undefined> {
    const text = await run("git", words, this.env, { timeoutMs: TIMEOUT_MS, cwd: this.cwd });
    return text?.trim();
  }
}

/** What HEAD says, and the commit of the branch that it names; a branch that is packed changes by becoming a file. */
function readHead({ gitDir, commonDir }: { gitDir: string; commonDir: string }): string {
  const head = readText(join(gitDir, "HEAD"));
  const [, ref] = /^ref: (.*)$/m.exec(head) ?? [];
  return ref ? `${head}${readText(join(commonDir, ref))}` : head;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A token in the address of a remote is nobody's business. */
export const withoutSecrets = (remote: string): string => remote.replace(/^([\w+.-]+:\/\/)[^/]*@/, "$1");

/** Tracked files against HEAD. All of it is counted, the beginning is kept, up to the end of a line. */
function readDiff(
  root: string,
  env: Env,
): Promise<{ text: string; bytes: number; cut: boolean } | undefined> {
  return new Promise((resolve) => {
    const words = ["diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv"];
    const child = spawn("git", words, {
      cwd: root,
      env: env as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const kept: Buffer[] = [];
    let bytes = 0;
    const end = (isWhole: boolean) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      child.stdout.destroy();
      if (!isWhole && bytes === 0) return resolve(undefined);
      const cut = !isWhole || bytes > MAX_DIFF_BYTES;
      resolve({ text: toText(Buffer.concat(kept).subarray(0, MAX_DIFF_BYTES), cut), bytes, cut });
    };
    const timer = setTimeout(() => end(false), TIMEOUT_MS);
    child.stdout.on("data", (piece: Buffer) => {
      if (bytes < MAX_DIFF_BYTES) kept.push(piece);
      bytes += piece.length;
    });
    child.stdout.on("error", () => {});
    child.once("error", () => end(false));
    child.once("close", (code) => end(code === 0));
  });
}

function toText(bytes: Buffer, cut: boolean): string {
  const whole = cut ? bytes.subarray(0, bytes.lastIndexOf(10) + 1) : bytes;
  let text = whole.toString("utf8").replaceAll("\0", "\uFFFD");
  // Bytes that are no UTF-8 become three each.
  while (Buffer.byteLength(text) > MAX_DIFF_BYTES) text = text.slice(0, Math.floor(text.length * 0.9));
  return text;
}
