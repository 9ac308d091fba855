import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { localPath } from "@/client/credentials";
import { isAppError } from "@/core/errors";
import { type RunningServer, startServer } from "@/server";

/**
 * `npm run demo [-- --once]`: a server, a sweep of real training, two agents, the best run. Everything that a
 * person would type goes through the command line, so what is shown here can be done by hand.
 */
const ROOT = join(import.meta.dirname, "..");
const SWEEP_FILE = "examples/digits/grid.yaml";
const AGENTS = 2;

const say = (line = ""): void => void process.stdout.write(`${line}\n`);

interface Place {
  url: string;
  key: string;
  /** Started here; absent when a server of this data folder was up already. */
  server?: RunningServer;
}

async function demo(once: boolean): Promise<number> {
  const place = (await findServer()) ?? (await openServer());
  const { url, key, server } = place;
  const env = { ...process.env, BESOM_URL: url, BESOM_API_KEY: key };
  const agents: ChildProcess[] = [];
  let interrupted = false;
  const stop = () => {
    interrupted = true;
    // Runs under way are handed back and go out again when the sweep goes on.
    for (const agent of agents) agent.kill("SIGTERM");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    const sweep = JSON.parse(await besom(["sweep", SWEEP_FILE, "--json"], env)) as {
      id: string;
      url: string;
    };
    say();
    say(`Watch it live:  ${sweep.url}`);
    if (server?.loginUrl) say(`sign in first:  ${loginTo(server.loginUrl, sweep.url)}  (works once)`);
    say();
    say(`$ npx besom agent ${sweep.id}      (${AGENTS} of them)`);
    const codes = interrupted ? [] : await Promise.all(startAgents(sweep.id, env, agents));
    if (interrupted) return 130;
    say();
    say(`$ npx besom best ${sweep.id}`);
    say((await besom(["best", sweep.id], env)).trimEnd());
    const unfinished = await countUnfinished(sweep.id, env);
    if (unfinished > 0) say(`\n${unfinished} runs did not finish: npx besom runs ${sweep.id}`);
    const code = unfinished > 0 || codes.some((each) => each !== 0) ? 1 : 0;
    if (once || !server) return code;
    say();
    say(`The server stays up at ${url}; Ctrl-C stops it. Your turn:`);
    say("  npx besom sweep examples/digits/random.yaml");
    await untilSignal(() => interrupted);
    return code;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    process.on("SIGINT", () => {}); // a terminal and npm both send one: the second must not cut the shutdown short
    await server?.close();
  }
}

/** A server that is up on this machine's data folder: a second one there would be refused. */
async function findServer(): Promise<Place | undefined> {
  try {
    const { url, key } = JSON.parse(readFileSync(localPath(process.env), "utf8")) as Place;
    const { ok } = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    if (!ok) return undefined;
    say(`A Besom is up at ${url} already: the demo uses it and leaves it running.`);
    return { url, key };
  } catch {
    return undefined;
  }
}

async function openServer(): Promise<Place> {
  const wanted = Number(process.env.BESOM_PORT || 3000);
  const port = (await isFree(wanted)) ? wanted : 0;
  if (port === 0) say(`Port ${wanted} is taken: another is used.`);
  const server = await startServer({ port, say });
  say(`Besom is ready at ${server.url}, its data lies in ${server.place}`);
  if (server.key === undefined) {
    await server.close();
    throw new Error("the server has no key for the demo: its database has users, and none of them is local");
  }
  // Whoever follows the link must not wait for the pages' first compilation.
  await server.pagesReady;
  return { url: server.url, key: server.key, server };
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });

/** The one-time link, leading on to the page. */
function loginTo(loginUrl: string, page: string): string {
  const link = new URL(loginUrl);
  link.searchParams.set("next", new URL(page).pathname);
  return link.href;
}

/** Each agent's own lines, told apart by a letter: numbers are what the server calls them. */
function startAgents(id: string, env: NodeJS.ProcessEnv, agents: ChildProcess[]): Promise<number>[] {
  return Array.from({ length: AGENTS }, (_, i) => {
    const agent = spawnBesom(["agent", id], env);
    agents.push(agent);
    for (const stream of [agent.stdout, agent.stderr]) prefix(stream, `${String.fromCharCode(65 + i)} | `);
    return exitCode(agent);
  });
}

function prefix(stream: NodeJS.ReadableStream | null, words: string): void {
  let rest = "";
  stream?.setEncoding("utf8").on("data", (piece: string) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) say(words + line);
  });
}

async function countUnfinished(id: string, env: NodeJS.ProcessEnv): Promise<number> {
  const { runs } = JSON.parse(await besom(["runs", id, "--json"], env)) as { runs: { state: string }[] };
  return runs.filter(({ state }) => state !== "finished").length;
}

/** Runs a command of `besom` to its end and gives what it printed. */
async function besom(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawnBesom(args, env);
  child.stderr?.pipe(process.stderr);
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const code = await exitCode(child);
  if (code !== 0) throw new Error(`besom ${args.join(" ")} ended with exit code ${code}`);
  return text;
}

const spawnBesom = (args: string[], env: NodeJS.ProcessEnv): ChildProcess =>
  spawn(process.execPath, [join(ROOT, "scripts/besom.mjs"), ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });

const exitCode = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });

async function untilSignal(already: () => boolean): Promise<void> {
  if (already()) return;
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

try {
  process.exitCode = await demo(process.argv.includes("--once"));
} catch (error) {
  process.stderr.write(`the demo failed: ${isAppError(error) ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
