import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { waitFor } from "../support/recorder";
import { type TestServer, withServer } from "../support/server";
import { createSweep } from "../support/worker";

const ROOT = join(import.meta.dirname, "../..");
const TSX = join(ROOT, "node_modules/tsx/dist/cli.mjs");
const BIN = join(ROOT, "scripts/besom.mjs");

interface Agent {
  readonly process: ChildProcess;
  text(): string;
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** The agent as a person starts it: a process of its own, killed with the test. */
async function withProcess(
  words: readonly string[],
  { url, key }: Pick<TestServer, "url" | "key">,
  body: (agent: Agent) => Promise<void>,
): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "besom-state-"));
  const env = { ...process.env, BESOM_URL: url, BESOM_API_KEY: key, XDG_STATE_HOME: state };
  const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (piece) => {
      text += piece;
    });
  const exited = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal ?? -1)),
  );
  try {
    await body({ process: child, text: () => text, exited });
  } finally {
    child.kill("SIGKILL");
    await exited;
    rmSync(state, { recursive: true, force: true });
  }
}

/** Marks its process so that it can be found, prints once, and stays. */
const staying = (mark: string) =>
  `/* ${mark} */ console.log(JSON.stringify({ loss: 1 })); setInterval(() => {}, 1000);`;
const markedProcesses = (mark: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`/* ${mark} */`);
      } catch {
        return false;
      }
    })
    .map(Number);
const newMark = () => `mark-${Math.random().toString(36).slice(2)}`;
const statesOf = async ({ db }: TestServer, sweepId: string) =>
  (await db.sql<{ state: string }[]>`select state from runs where sweep_id = ${sweepId} order by id`).map(
    ({ state }) => state,
  );

const onLinux = test.runIf(process.platform === "linux");

onLinux("an agent that is killed with SIGKILL leaves no training process behind", async () => {
  await withServer(async (server) => {
    const mark = newMark();
    const sweepId = await createSweep(server, staying(mark), { parameters: { a: { values: [1, 2] } } });
    await withProcess([BIN, "agent", sweepId, "--slots", "2"], server, async (agent) => {
      await waitFor("two training processes", () => markedProcesses(mark).length === 2);
      agent.process.kill("SIGKILL");
      await waitFor("their end", () => markedProcesses(mark).length === 0, 5_000);
    });
  });
});

onLinux(
  "SIGTERM to `npx tsx agent ID` reaches the agent, which stops its run and hands it back",
  async () => {
    await withServer(async (server) => {
      const mark = newMark();
      const sweepId = await createSweep(server, staying(mark));
      await withProcess([TSX, "agent", sweepId], server, async (agent) => {
        await waitFor("a training process", () => markedProcesses(mark).length === 1);
        agent.process.kill("SIGTERM");
        // Under heavy load tsx gives up on its child after 60 ms and exits with 128 + 15: see agent/relay.ts.
        expect([1, 143]).toContain(await agent.exited);
        await waitFor("its end", () => markedProcesses(mark).length === 0);
        await waitFor("the run's return", async () => (await statesOf(server, sweepId))[0] === "pending");
      });
    });
  },
);

onLinux(
  "killing tsx alone does not leave its agent behind: it notices, stops its run and hands it back",
  async () => {
    await withServer(async (server) => {
      const mark = newMark();
      const sweepId = await createSweep(server, staying(mark));
      await withProcess([TSX, "agent", sweepId], server, async (agent) => {
        await waitFor("a training process", () => markedProcesses(mark).length === 1);
        agent.process.kill("SIGKILL");
        await waitFor("its end", () => markedProcesses(mark).length === 0);
        await waitFor("the run's return", async () => (await statesOf(server, sweepId))[0] === "pending");
      });
    });
  },
);

onLinux("Ctrl-C once waits, twice stops, and the run goes back", async () => {
  await withServer(async (server) => {
    const mark = newMark();
    const sweepId = await createSweep(server, staying(mark));
    await withProcess([BIN, "agent", sweepId], server, async (agent) => {
      await waitFor("a training process", () => markedProcesses(mark).length === 1);
      agent.process.kill("SIGINT");
      await waitFor("the word", () => agent.text().includes("1 under way may finish"));
      expect(markedProcesses(mark).length).toBe(1);
      // A second press that counts comes later than the echo of the first.
      await new Promise((resolve) => setTimeout(resolve, 450));
      agent.process.kill("SIGINT");
      expect(await agent.exited).toBe(1);
      expect(await statesOf(server, sweepId)).toEqual(["pending"]);
    });
  });
});

onLinux(
  "with --forward-signals the program gets each signal, ends by itself, and the agent with it",
  async () => {
    await withServer(async (server) => {
      const mark = newMark();
      const program = `/* ${mark} */
      process.on("SIGUSR2", () => console.log(JSON.stringify({ step: 1, loss: 0.5 })));
      process.on("SIGTERM", () => { console.log("saved"); process.exit(0); });
      console.log(JSON.stringify({ step: 0, loss: 1 })); setInterval(() => {}, 1000);`;
      const sweepId = await createSweep(server, program);
      const words = [BIN, "agent", sweepId, "--forward-signals", "--term-timeout", "20", "--show-output"];
      await withProcess(words, server, async (agent) => {
        await waitFor("a training process", () => agent.text().includes('"loss":1}'));
        agent.process.kill("SIGUSR2");
        await waitFor("its answer", () => agent.text().includes('"loss":0.5'));
        agent.process.kill("SIGTERM");
        expect(await agent.exited).toBe(0);
        expect(agent.text()).toContain("saved");
      });
      const [run] = await server.db.sql`select state, objective from runs where sweep_id = ${sweepId}`;
      expect(run).toEqual({ state: "finished", objective: 0.5 });
    });
  },
);
