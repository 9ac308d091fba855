/**
 * A process of many simulated agents, over real sockets: `node --import tsx driver.ts SWEEP_ID AGENTS`, with BESOM_URL
 * and BESOM_API_KEY. Each agent claims, logs a few steps and finishes, until the server says that the sweep is over.
 */
import { setTimeout as pause } from "node:timers/promises";
import { openClient } from "@/client/client";
import { type Claim, ClaimRun, FinishRun, Heartbeat, LogMetrics, RegisterAgent } from "@/graphql/operations";

const [sweepId = "", agents = "1", workMs = "20"] = process.argv.slice(2);
const client = openClient({ url: process.env.BESOM_URL ?? "", key: process.env.BESOM_API_KEY });
const forever = { patienceMs: Number.POSITIVE_INFINITY };
let requests = 0;
const newId = () => `${process.pid}-${++requests}`;

await Promise.all(Array.from({ length: Number(agents) }, () => work()));
await client.close();

async function work(): Promise<void> {
  const { agent } = await client.mutate(
    RegisterAgent,
    { input: { sweepId, host: "driver", pid: process.pid, clientMutationId: newId() } },
    forever,
  );
  if (agent === null) return;
  const holding = new Map<string, number>();
  const beat = setInterval(() => {
    const attempts = Array.from(holding, ([runId, attempt]) => ({ runId, attempt }));
    client.mutate(Heartbeat, { input: { agentId: agent.id, attempts } }, { patienceMs: 0 }).catch(() => {});
  }, 5_000);
  try {
    for (;;) {
      const answer = await client.mutate(
        ClaimRun,
        { input: { sweepId, agentId: agent.id, count: 1, clientMutationId: newId() } },
        forever,
      );
      if (answer.directive === "EXIT") return;
      for (const claim of answer.claims) {
        holding.set(claim.runId, claim.attempt);
        await train(claim);
        holding.delete(claim.runId);
      }
      if (answer.claims.length === 0) await pause(answer.retryAfterMs ?? 500);
    }
  } finally {
    clearInterval(beat);
  }
}

/** What a training program and its agent would send, with the run's own key: the fencing token. */
async function train({ runId, attempt, apiKey }: Claim): Promise<void> {
  const run = openClient({ url: client.url, key: apiKey });
  try {
    for (let batch = 1; batch <= 2; batch++) {
      await pause(Number(workMs) * (0.5 + Math.random()));
      const steps = [1, 2, 3, 4, 5].map((i) => (batch - 1) * 5 + i);
      const series = [{ key: "loss", values: steps.map((step) => Math.random() / step) }];
      const times = steps.map(() => Date.now());
      const { command } = await run.mutate(
        LogMetrics,
        { input: { runId, batch: { attempt, batch, steps, times, series } } },
        forever,
      );
      if (command === "STALE") return;
    }
    await run.mutate(
      FinishRun,
      { input: { runId, attempt, state: "finished", exitCode: 0, clientMutationId: newId() } },
      forever,
    );
  } catch (error) {
    // Somebody else has the run by now: nothing to report. Anything else is a failure of the test.
    const code = (error as { code?: string }).code;
    if (code !== "STALE_ATTEMPT" && code !== "ILLEGAL_MOVE" && code !== "UNAUTHENTICATED") {
      console.error(`driver: run ${runId}, attempt ${attempt}: ${code}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  } finally {
    await run.close();
  }
}
