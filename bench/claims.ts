/**
 * Claims a second through GraphQL over HTTP: 32 agents, one claim each in a loop, on one grid sweep, with idempotency,
 * authorisation and fsync. Goal on 2 cores with the load generator on the same machine: 3,000/s, p99 30 ms.
 */

import { openClient } from "@/client/client";
import { ClaimRun, RegisterAgent, textOf } from "@/graphql/operations";
import { loop, openCaller } from "./support/caller";
import { median, ms, perSecond, quantile, withService } from "./support/stage";

const AGENTS = 32;
const ROUNDS = 3;
const query = textOf(ClaimRun);

await withService(async ({ url, key, db }) => {
  const client = openClient({ url, key });
  const rates: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const sweepId = await createGrid(url, key);
    const agents = await Promise.all(
      Array.from({ length: AGENTS }, async (_, i) => {
        const { agent } = await client.mutate(RegisterAgent, { input: { sweepId, host: `bench-${i}` } });
        if (agent === null) throw new Error("no agent");
        return agent.id;
      }),
    );
    const callers = agents.map(() => openCaller(url, key));
    const { latencies, perSecond: rate } = await loop(callers, 5, async (caller, i, turn) => {
      const input = { sweepId, agentId: agents[i], count: 1, clientMutationId: `${round}-${i}-${turn}` };
      const text = await caller.post(JSON.stringify({ query, variables: { input } }));
      if (!text.includes('"RUN"')) throw new Error(text.slice(0, 300));
    });
    await Promise.all(callers.map((caller) => caller.close()));
    const [row] =
      await db.sql`select count(*) as runs, count(distinct point_hash) as points from runs where sweep_id = ${sweepId}`;
    if (row?.runs !== row?.points) throw new Error("a point was handed out twice");
    rates.push(rate);
    console.log(
      `round ${round}: ${perSecond(rate)}, p50 ${ms(median(latencies))}, p99 ${ms(quantile(latencies, 0.99))}`,
    );
  }
  await client.close();
  console.log(
    `claims, ${AGENTS} agents: median ${perSecond(median(rates))} (goal 3,000/s, ${(median(rates) / 3_000).toFixed(2)}x)`,
  );
});

async function createGrid(url: string, key: string): Promise<string> {
  const caller = openCaller(url, key);
  const values = Array.from({ length: 1_000 }, (_, i) => i).join(", ");
  const source = `method: grid\nprogram: train.py\nparameters:\n  a: { values: [${values}] }\n  b: { values: [${values}] }\n  c: { value: x }\n`;
  const text = await caller.post(
    JSON.stringify({
      query:
        "mutation ($input: CreateSweepInput!) { createSweep(input: $input) { sweep { id } error { code message } } }",
      variables: { input: { source, project: "bench" } },
    }),
  );
  await caller.close();
  return (JSON.parse(text) as { data: { createSweep: { sweep: { id: string } } } }).data.createSweep.sweep.id;
}
