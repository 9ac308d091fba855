import { execFileSync, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startOf, thisOwner } from "@/agent/spools/owner";
import { recover } from "@/agent/spools/recover";
import { layCable } from "../support/cable";
import { canMount } from "../support/mount";
import { waitFor } from "../support/recorder";
import { sharedServer } from "../support/server";
import { createSweep, withAgent } from "../support/worker";

const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "scripts/besom.mjs");
const server = sharedServer();

const attemptFoldersIn = (root: string): string[] =>
  readdirSync(root).flatMap((agent) =>
    readdirSync(join(root, agent))
      .filter((name) => /^\d+-\d+$/.test(name))
      .map((name) => join(root, agent, name)),
  );
const spooledText = (root: string): string =>
  attemptFoldersIn(root)
    .flatMap((dir) => readdirSync(dir).map((file) => readFileSync(join(dir, file), "utf8")))
    .join("");

test.runIf(process.platform === "linux")(
  "what an agent had not delivered when it was killed, and how a run of it had ended, is delivered afterwards, in order and once",
  async () => {
    const root = mkdtempSync(join(tmpdir(), "besom-spool-"));
    const cable = await layCable(server().url);
    const env = { ...process.env, BESOM_URL: cable.url, BESOM_API_KEY: server().key, BESOM_SPOOL_DIR: root };
    const besom = (...words: string[]) =>
      spawn(process.execPath, [BIN, ...words], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    // The first run ends while the network is away, the second is under way when the agent dies.
    const program = `
      const { existsSync } = require("fs");
      const isShort = process.argv[1] === "a=1";
      let step = 0;
      setInterval(() => {
        console.log(JSON.stringify({ step, loss: 1 / (step + 1) }));
        if (++step === 60 && isShort) process.exit(0);
      }, 30);`;
    const sweepId = await createSweep(server(), program, { parameters: { a: { values: [1, 2] } } });
    const agent = besom("agent", sweepId, "--slots", "2");
    const exited = new Promise((resolve) => agent.once("exit", resolve));
    try {
      await waitFor("both runs' first steps", async () => {
        const [row] = await server().db
          .sql`select count(*)::int as n from runs where sweep_id = ${sweepId} and objective is not null`;
        return row?.n === 2;
      });
      cable.pull();
      await waitFor("the end of the first", () =>
        attemptFoldersIn(root).some((dir) => readdirSync(dir).includes("end.json")),
      );
      await waitFor("a later step of the second", () => /\\"step\\":8\d/.test(spooledText(root)));
      const seen = [...spooledText(root).matchAll(/\\"step\\":(\d+)/g)].map(([, step]) => Number(step));
      expect(statSync(root).mode & 0o777).toBe(0o700);
      agent.kill("SIGKILL");
      await exited;
      cable.plug();
      const other = besom("agent", "--recover");
      let said = "";
      other.stderr.setEncoding("utf8").on("data", (text) => {
        said += text;
      });
      expect(await new Promise((resolve) => other.once("exit", resolve))).toBe(0);
      expect(said).toContain("2 delivered, 0 given up, 0 left");
      expect(readdirSync(root)).toEqual([]);
      const runs = await server().db.sql<{ id: number; state: string; text: string; steps: number }[]>`
        select r.id, r.state, (select string_agg(text, '' order by batch, piece) from output_chunks c where c.run_id = r.id) as text,
          (select last_step from attempts a where a.run_id = r.id and number = 1)::int as steps
        from runs r where sweep_id = ${sweepId} order by id`;
      expect(runs[0]).toMatchObject({ state: "finished", steps: 59 });
      const stepsOf = (text: string) => [...text.matchAll(/"step":(\d+)/g)].map(([, step]) => Number(step));
      for (const { text, steps } of runs)
        expect(stepsOf(text)).toEqual(Array.from({ length: steps + 1 }, (_, step) => step));
      expect(runs[1]?.steps).toBeGreaterThanOrEqual(Math.max(...seen));
    } finally {
      agent.kill("SIGKILL");
      await cable.close();
      rmSync(root, { recursive: true, force: true });
    }
  },
);

test.runIf(canMount())(
  "a spool's disk that fills up while a run trains costs nothing of the run",
  async () => {
    const root = mkdtempSync(join(tmpdir(), "besom-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", root]);
    try {
      const fill = JSON.stringify(join(root, "fill"));
      const program = `try { require("fs").writeFileSync(${fill}, Buffer.alloc(1 << 20)) } catch (error) { console.log(error.code) }
      for (let step = 0; step < 50; step++) console.log(JSON.stringify({ step, loss: step }));`;
      const sweepId = await createSweep(server(), program);
      await withAgent(
        server(),
        sweepId,
        { env: { ...process.env, BESOM_SPOOL_DIR: root } },
        async ({ done }) => {
          expect(Object.fromEntries(await done)).toEqual({ finished: 1 });
        },
      );
      const [run] = await server().db.sql<{ state: string; attempt: number; steps: number; text: string }[]>`
      select state, attempt, (select last_step from attempts a where a.run_id = r.id)::int as steps,
        (select string_agg(text, '' order by batch, piece) from output_chunks c where c.run_id = r.id) as text
      from runs r where sweep_id = ${sweepId}`;
      expect(run).toMatchObject({ state: "finished", attempt: 1, steps: 49 });
      expect(run?.text).toContain("ENOSPC");
    } finally {
      execFileSync("umount", ["-l", root]);
      rmSync(root, { recursive: true, force: true });
    }
  },
);

/** A folder as an agent leaves it, of an owner that is gone unless said otherwise. */
function leave(root: string, name: string, owner: object = { ...thisOwner(), start: "0" }): string {
  const dir = join(root, name);
  mkdirSync(join(dir, "7-1"), { recursive: true });
  writeFileSync(join(dir, "owner.json"), JSON.stringify(owner));
  writeFileSync(
    join(dir, "7-1", "attempt.json"),
    JSON.stringify({
      url: server().url,
      runId: "7",
      attempt: 1,
      apiKey: `besom-${"0".repeat(43)}`,
      displayName: "r",
    }),
  );
  writeFileSync(join(dir, "7-1", "end.json"), JSON.stringify({ state: "finished", exitCode: 0 }));
  return dir;
}

test("a living agent's folder is left alone, one of another machine until it is silent, one of a week ago is given up", async () => {
  const root = mkdtempSync(join(tmpdir(), "besom-spool-"));
  const age = (dir: string, days: number) => {
    const at = new Date(Date.now() - days * 86_400_000);
    for (const path of [join(dir, "7-1"), join(dir, "owner.json"), dir]) utimesSync(path, at, at);
  };
  leave(root, "agent-living", thisOwner());
  leave(root, "agent-elsewhere", { ...thisOwner(), host: "other" });
  age(leave(root, "agent-elsewhere-silent", { ...thisOwner(), host: "other" }), 1);
  age(leave(root, "agent-old"), 8);
  leave(root, "agent-dead");
  // One that others have tried to deliver ever since.
  leave(root, "agent-tried", { ...thisOwner(), start: "0", leftAtMs: Date.now() - 8 * 86_400_000 });
  const said: string[] = [];
  const options = {
    root,
    userAgent: "test",
    say: (text: string) => void said.push(text),
    signal: AbortSignal.timeout(20_000),
  };
  // Two that try at once share the work, and nothing is done twice.
  const both = await Promise.all([recover(options), recover(options)]);
  expect(both.reduce((sum, { givenUp }) => sum + givenUp, 0)).toBe(2);
  expect(said.filter((text) => text.includes("more than 7 days ago")).length).toBe(2);
  expect(readdirSync(root).sort()).toEqual(["agent-elsewhere", "agent-living"]);
  rmSync(root, { recursive: true, force: true });
});

test("a process is told by its number and its start", () => {
  expect(startOf(process.pid)).toBe(thisOwner().start);
  expect(startOf(2 ** 22 + 1)).toBeUndefined();
});
