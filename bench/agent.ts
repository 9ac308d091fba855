/**
 * What an agent costs around each run: from the server's answer to a claim until the program is there, and from the
 * program's last breath until the next claim is asked for. A real server, real processes (bash, which tells the time by itself and is there
 * in 2 ms), one slot, so that nothing overlaps. Goals: 50 ms each. Then what 64 slots whose programs log 10,000 points a second together leave of a core.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ladder } from "@/agent/ladder";
import { Progress } from "@/agent/progress";
import { work } from "@/agent/worker";
import { type Client, openClient } from "@/client/client";
import { ClaimRun, CreateSweep, FinishRun, LogMetrics, LogOutput } from "@/graphql/operations";
import { median, ms, quantile, withService } from "./support/stage";

const RUNS = 60;
/** What the server has to take before a slot is free. */
const REPORTS: ReadonlySet<object> = new Set([LogMetrics, LogOutput, FinishRun]);

interface Call {
  askedMs: number;
  answeredMs: number;
}
const folder = mkdtempSync(join(tmpdir(), "besom-bench-agent-"));
const book = join(folder, "times");

await withService(async ({ url, key }) => {
  await measureTurns(url, key);
  await measureLogging(url, key);
});
rmSync(folder, { recursive: true, force: true });

async function measureTurns(url: string, key: string): Promise<void> {
  const client = openClient({ url, key });
  const program = `echo "start $EPOCHREALTIME" >> "$1"; echo '{"step": 0, "loss": 1}'; echo "end $EPOCHREALTIME" >> "$1"`;
  const sweepId = await createSweep(client, ["bash", "-c", program, "train", book], RUNS);
  const claims: Call[] = [];
  const reports: Call[] = [];
  const watched: Client = {
    ...client,
    mutate: async (document, variables, patience) => {
      const askedMs = now();
      const answer = await client.mutate(document, variables, patience);
      const call = { askedMs, answeredMs: now() };
      if ((document as unknown) === ClaimRun) claims.push(call);
      if (REPORTS.has(document)) reports.push(call);
      return answer;
    },
  };
  const cpuBefore = process.cpuUsage();
  await runAgent(watched, sweepId, 1);
  const used = process.cpuUsage(cpuBefore);
  await client.close();
  const times = readFileSync(book, "utf8")
    .trim()
    .split("\n")
    .map((line) => Number(line.split(" ")[1]) * 1_000);
  const starts = times.filter((_, i) => i % 2 === 0);
  const ends = times.filter((_, i) => i % 2 === 1);
  // The first pays for what is found out once.
  const before = starts.slice(1).map((at, i) => at - (claims[i + 1]?.answeredMs ?? Number.NaN));
  const after = ends.slice(0, -1).map((at, i) => (claims[i + 1]?.askedMs ?? Number.NaN) - at);
  tell("claim answered to program running", before);
  const waits = ends.slice(0, -1).map((at, i) => waitWithin(reports, at, claims[i + 1]?.askedMs ?? at));
  console.log(
    `the agent's own work for a run, starting its process included: ${ms((used.user + used.system) / 1_000 / RUNS)} of a core`,
  );
  tell("program's last line to next claim  ", after);
  tell(
    "  of which not waiting for the server",
    after.map((time, i) => time - (waits[i] ?? 0)),
  );
}

/** Milliseconds in which at least one of the calls was under way; they begin in order. */
function waitWithin(calls: readonly Call[], fromMs: number, toMs: number): number {
  let waited = 0;
  let until = fromMs;
  for (const { askedMs, answeredMs } of calls) {
    const start = Math.max(askedMs, until);
    const end = Math.min(answeredMs, toMs);
    if (end <= start) continue;
    waited += end - start;
    until = end;
  }
  return waited;
}

async function measureLogging(url: string, key: string): Promise<void> {
  const client = openClient({ url, key });
  const seconds = 10;
  // Each prints a line of 4 metrics 40 times a second: 64 x 160 = 10,240 points/s.
  const program = `
    const endMs = Date.now() + ${seconds * 1_000};
    let step = 0;
    const timer = setInterval(() => {
      const x = 1 / ++step;
      console.log(JSON.stringify({ step, loss: x, accuracy: 1 - x, lr: x / 3, norm: x * 7 }));
      if (Date.now() > endMs) clearInterval(timer);
    }, 25);`;
  const sweepId = await createSweep(client, [process.execPath, "-e", program], 64);
  const before = process.cpuUsage();
  const startMs = performance.now();
  await runAgent(client, sweepId, 64);
  const used = process.cpuUsage(before);
  const wallMs = performance.now() - startMs;
  await client.close();
  const cpuMs = (used.user + used.system) / 1_000;
  console.log(
    `64 slots, 10,240 points/s: the agent takes ${Math.round((100 * cpuMs) / wallMs)} % of a core over ${(wallMs / 1_000).toFixed(1)} s (its programs run ${seconds} s)`,
  );
}

async function createSweep(client: Client, command: string[], runs: number): Promise<string> {
  const json = {
    method: "grid",
    metric: { name: "loss", goal: "minimize" },
    parameters: { a: { values: Array.from({ length: runs }, (_, i) => i) } },
    command,
  };
  const { sweep } = await client.mutate(CreateSweep, {
    input: { source: JSON.stringify(json), project: "bench" },
  });
  if (!sweep) throw new Error("no sweep");
  return sweep.id;
}

async function runAgent(client: Client, sweepId: string, slots: number): Promise<void> {
  await work({
    client,
    sweepId,
    slots,
    cwd: folder,
    env: { ...process.env, BESOM_SPOOL_DIR: join(folder, "spool") },
    echo: false,
    ladder: new Ladder(),
    progress: new Progress(() => {}, false),
    version: "bench",
  });
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function tell(what: string, times: number[]): void {
  console.log(`${what}: median ${ms(median(times))}, p95 ${ms(quantile(times, 0.95))} (goal 50 ms)`);
}
