import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "@/db/client";
import { findRunning } from "@/db/embedded";
import { type Claim, LogMetrics } from "@/graphql/operations";
import { canMount } from "../support/mount";
import { waitFor } from "../support/recorder";
import { ask, send } from "../support/server";
import { type ServerProcess, startServerProcess } from "../support/server-process";
import { claim, createSweep, gridOf, registerAgent } from "../support/sweeps";

/*
 * A data folder on a small disk of its own (a tmpfs, which needs root). Others fill it: a file that grows, and is taken
 * away again.
 */

const MB = 2 ** 20;
const HISTORY = `query($id: ID!) { run(id: $id) { state summary { name count } } }`;

function spawnBesom(words: readonly string[], env: Record<string, string>) {
  const root = join(import.meta.dirname, "../..");
  const child = spawn(process.execPath, ["--import", "tsx", "agent/index.ts", ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (text += piece));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { output: () => text, exited, kill: () => child.kill("SIGKILL") };
}

interface Disk {
  readonly dataDir: string;
  /** Leaves so many bytes free. */
  fill(freeBytes: number): void;
  clear(): void;
}

async function withSmallDisk(sizeMb: number, body: (disk: Disk) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "besom-disk-"));
  chmodSync(folder, 0o711); // as root, PostgreSQL runs as another user, who must get through
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m,mode=711`, "tmpfs", folder]);
  try {
    const ballast = join(folder, "ballast");
    await body({
      dataDir: join(folder, "data"),
      fill(freeBytes) {
        const { bavail, bsize } = statfsSync(folder);
        appendFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
      },
      clear: () => rmSync(ballast, { force: true }),
    });
  } finally {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withServerOn(
  { dataDir }: Disk,
  env: Record<string, string>,
  body: (server: ServerProcess & { key: string }) => Promise<void>,
): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const server = await startServerProcess({ env: { BESOM_DATA_DIR: dataDir, ...env } });
  try {
    const { key } = JSON.parse(readFileSync(join(dataDir, "credentials.json"), "utf8")) as { key: string };
    await body({ ...server, key });
    expect(server.process.exitCode).toBeNull();
  } finally {
    expect(await server.stop("SIGINT")).toBe(0);
  }
}

const logBatch = (
  server: { url: string },
  { runId, attempt, apiKey }: Claim,
  batch: number,
  steps = 1_000,
) => {
  const at = Array.from({ length: steps }, (_, i) => batch * steps + i);
  const values = at.map((step) => Math.sin(step * 12.9898) * 43758.5453);
  const input = { runId, batch: { attempt, batch, steps: at, times: at, series: [{ key: "loss", values }] } };
  return send({ url: server.url, key: apiKey }, LogMetrics, { input });
};
type Logged = Awaited<ReturnType<typeof logBatch>>;
const codeOf = ({ data, errors }: Logged) =>
  data?.logMetrics?.error?.code ?? errors?.[0]?.extensions.code ?? "none";

test.runIf(canMount())(
  "a disk that fills up: writes are refused by name, reads go on, and agents go on when there is room",
  () =>
    withSmallDisk(320, (disk) =>
      withServerOn(disk, {}, async (server) => {
        const folder = mkdtempSync(join(tmpdir(), "besom-records-"));
        const source = `
method: grid
metric: { name: loss, goal: minimize }
program: test/fixtures/train-and-record.mjs
command: [node, "\${program}", "\${args}"]
parameters:
  x: { values: [1, 2, 3, 4] }
  steps: { value: 100 }
  delay_ms: { value: 100 }
`;
        const sweepId = await createSweep(server, source);
        const agent = spawnBesom(["agent", sweepId, "--slots", "2"], {
          BESOM_URL: server.url,
          BESOM_API_KEY: server.key,
          RECORD_DIR: folder,
        });
        const text = async (path: string) => (await fetch(`${server.url}${path}`)).text();
        await waitFor(
          "a run that logs",
          async () => {
            const { sweep } = await ask<{ sweep: { runs: { nodes: { state: string }[] } } }>(
              server,
              `{ sweep(id: "${sweepId}") { runs(first: 5) { nodes { state } } } }`,
            );
            return sweep.runs.nodes.length > 1;
          },
          60_000,
        );

        disk.fill(20 * MB);
        await waitFor("the server to see it", async () => (await text("/readyz")).includes("full"));
        const refused = await send<{ createSweep: { error: { code: string } | null } }>(
          server,
          `mutation { createSweep(input: {source: "method: random\\nprogram: x\\nparameters: {a: {min: 0.0, max: 1.0}}"}) { error { code } } }`,
        );
        expect(refused.data.createSweep.error?.code).toBe("DISK_FULL");
        expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
        expect(await text("/metrics")).toMatch(/besom_disk_full 1/);
        // For longer than a lease: heartbeats go on, and nobody loses a run.
        await new Promise((resolve) => setTimeout(resolve, 25_000));
        const { sweep } = await ask<{ sweep: { state: string; counts: { crashed: number } } }>(
          server,
          `{ sweep(id: "${sweepId}") { state counts { crashed } } }`,
        );
        expect(sweep).toEqual({ state: "running", counts: { crashed: 0 } });
        disk.clear();
        expect(await agent.exited, agent.output()).toBe(0);
        const url = findRunning(disk.dataDir) ?? "";
        const db = openDatabase(url, { max: 1 });
        const rows = await db.sql`select a.number, a.state, s.count, s.last_step as "lastStep"
          from attempts a join metric_summaries s on s.run_id = a.run_id and s.attempt = a.number
          join metrics m on m.id = s.metric_id and m.name = 'loss'`;
        await db.close();
        expect(rows).toEqual(Array(4).fill({ number: 1, state: "finished", count: 100, lastStep: 100 }));
        // Told once a minute, not for each request.
        expect(server.output().split("the disk is full").length - 1).toBe(1);
        rmSync(folder, { recursive: true, force: true });
      }),
    ),
);

test.runIf(canMount())(
  "a disk that is full to the last byte: PostgreSQL falls and is started again, and what was acknowledged is all there",
  () =>
    withSmallDisk(320, (disk) =>
      withServerOn(disk, { BESOM_DISK_RESERVE_MB: "0" }, async (server) => {
        const sweepId = await createSweep(server, gridOf(4));
        const agentId = await registerAgent(server, sweepId);
        const claims = await claim(server, sweepId, agentId, 4);
        disk.fill(24 * MB);
        const acknowledged = new Map(claims.map(({ runId }) => [runId, 0]));
        const codes = new Map<string, number>();
        const deadline = performance.now() + 25_000;
        const refusedBy = () => [...codes.keys()].filter((code) => code !== "none");
        await Promise.all(
          claims.map(async (one) => {
            for (let refusals = 0; refusals < 20 && performance.now() < deadline; ) {
              const next = (acknowledged.get(one.runId) ?? 0) + 1;
              const code = codeOf(await logBatch(server, one, next, 2_000));
              codes.set(code, (codes.get(code) ?? 0) + 1);
              if (code === "none") acknowledged.set(one.runId, next);
              else refusals++;
            }
          }),
        );
        // The log too: PostgreSQL can't even say so, and ends.
        const intruder = openDatabase(findRunning(disk.dataDir) ?? "", { max: 1 });
        disk.fill(256 * 1024);
        await expect(
          intruder.sql`select count(pg_logical_emit_message(true, 'besom', repeat('x', 8000))) from generate_series(1, 10000)`,
        ).rejects.toThrow();
        await intruder.close();
        await waitFor(
          "the database to fall",
          async () => (await fetch(`${server.url}/readyz`)).status === 503,
        );
        expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
        for (const one of claims) {
          const next = (acknowledged.get(one.runId) ?? 0) + 1;
          const code = codeOf(await logBatch(server, one, next, 2_000));
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
        expect(refusedBy().length).toBeGreaterThan(0);
        for (const code of refusedBy()) expect(["DISK_FULL", "UNAVAILABLE"]).toContain(code);
        disk.clear();
        await waitFor(
          "writes to go on",
          async () => {
            const [one] = claims;
            if (one === undefined) return false;
            const next = (acknowledged.get(one.runId) ?? 0) + 1;
            if (codeOf(await logBatch(server, one, next, 2_000)) !== "none") return false;
            acknowledged.set(one.runId, next);
            return true;
          },
          90_000,
        );
        for (const one of claims) {
          // The batch behind the last acknowledged one may have been written before its answer was lost: it is the same batch.
          const next = (acknowledged.get(one.runId) ?? 0) + 1;
          expect(codeOf(await logBatch(server, one, next, 2_000))).toBe("none");
          const { run } = await ask<{ run: { summary: { name: string; count: number }[] } }>(
            server,
            HISTORY,
            {
              id: one.runId,
            },
          );
          expect(run.summary.find(({ name }) => name === "loss")?.count).toBe(next * 2_000);
        }
        console.log("answers", Object.fromEntries(codes));
      }),
    ),
);
