/**
 * What wandb's own client costs at the gateway. A hundred of its agents beat once in 5 s and their runs stream once in 15 s: the share
 * of a core that the server takes for that, by its own processor time. Then points a second through file_stream (32 runs, 100 lines of 4
 * metrics a request) beside the same by logMetrics; goal: within a factor of 1.5.
 */

import { Pool } from "undici";
import { LogMetrics, textOf } from "@/graphql/operations";
import { perSecond, type Service, withService } from "./support/stage";

const AGENTS = 100;
const RUNS = 32;
const LINES = 100;
const KEYS = ["loss", "accuracy", "val/loss", "val/accuracy"];
const SECONDS = 5;

let pool: Pool | undefined;
let opened = 0;
/** Noisy numbers, made once: the generator must not spend the server's cores on them. */
const VALUES = Array.from({ length: LINES }, () => Math.random());
const TAIL = VALUES.map((value) => KEYS.map((key) => `\\"${key}\\":${value}`).join(","));
await withService(async (service) => {
  await measureAgents(service);
  const gateway = await measurePoints("file_stream", streamOf(service));
  const ours = await measurePoints("logMetrics", logOf(service));
  console.log(`file_stream takes ${(ours / gateway).toFixed(2)} times as long as logMetrics (goal 1.5)`);
  await pool?.close();
});

async function measureAgents(service: Service): Promise<void> {
  const config = `method: random\nmetric: {name: loss, goal: minimize}\nprogram: train.py\nparameters: {lr: {min: 0.0, max: 1.0}}\n`;
  const { upsertSweep } = await wire(
    service,
    'mutation ($config: String!) { upsertSweep(input: {config: $config, projectName: "bench"}) { sweep { name project { entity { name } } } } }',
    { config },
  );
  const { name: sweep, project } = upsertSweep.sweep;
  const agents = [];
  for (let i = 0; i < AGENTS; i++) {
    const { createAgent } = await wire(
      service,
      'mutation ($sweep: String!) { createAgent(input: {host: "h", sweep: $sweep}) { agent { id } } }',
      { sweep },
    );
    const id = createAgent.agent.id as string;
    const [command] = JSON.parse((await beat(service, id)).agentHeartbeat.commands);
    const run = command.run_id as string;
    await wire(
      service,
      'mutation ($run: String!) { upsertBucket(input: {name: $run, modelName: "bench", config: "{}"}) { bucket { id } } }',
      { run },
    );
    agents.push({ id, run, lines: 0 });
  }
  // Three beats and a stream each: what happens in 15 s, as fast as it goes; its processor time is what it costs at its own pace.
  const before = await cpuSeconds(service);
  const rounds = 5;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 3; i++) for (const { id, run } of agents) await beat(service, id, run);
    for (const agent of agents) {
      await stream(service, `${project.entity.name}/bench/${agent.run}`, agent.lines, 150);
      agent.lines += 150;
    }
  }
  const used = ((await cpuSeconds(service)) - before) / rounds;
  console.log(
    `${AGENTS} agents: ${((used / 15) * 100).toFixed(1)} % of a core (heartbeats each 5 s, streams of 150 lines each 15 s)`,
  );
}

function beat(service: Service, id: string, run?: string) {
  return wire(
    service,
    'mutation ($id: ID!, $runState: JSONString) { agentHeartbeat(input: {id: $id, metrics: "{}", runState: $runState}) { commands } }',
    {
      id,
      runState: JSON.stringify(run ? { [run]: true } : {}),
    },
  );
}

type Send = (run: number, turn: number) => Promise<void>;

async function measurePoints(what: string, open: () => Promise<Send>): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < 3; round++) {
    const send = await open();
    let requests = 0;
    const until = performance.now() + SECONDS * 1_000;
    await Promise.all(
      Array.from({ length: RUNS }, async (_, run) => {
        for (let turn = 0; performance.now() < until; turn++) {
          await send(run, turn);
          requests++;
        }
      }),
    );
    rates.push((requests * LINES * KEYS.length) / SECONDS);
  }
  const median = rates.sort((a, b) => a - b)[1] ?? 0;
  console.log(`${what.padEnd(12)} ${perSecond(median)} points`);
  return median;
}

function streamOf(service: Service): () => Promise<Send> {
  return async () => {
    const round = opened++;
    const { viewer } = await wire(service, "{ viewer { entity } }", {});
    for (let i = 0; i < RUNS; i++)
      await wire(
        service,
        'mutation ($run: String!) { upsertBucket(input: {name: $run, modelName: "points", config: "{}"}) { bucket { id } } }',
        { run: `r${round}-${i}` },
      );
    return (run, turn) => stream(service, `${viewer.entity}/points/r${round}-${run}`, turn * LINES, LINES);
  };
}

function logOf(service: Service): () => Promise<Send> {
  return async () => {
    const runs = await Promise.all(
      Array.from({ length: RUNS }, async () => {
        const text = await post(
          service,
          "/graphql",
          JSON.stringify({
            query: "mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } apiKey } }",
            variables: { input: { project: "points" } },
          }),
        );
        return (JSON.parse(text) as { data: { createRun: { run: { id: string }; apiKey: string } } }).data
          .createRun;
      }),
    );
    const series = JSON.stringify(KEYS.map((key) => ({ key, values: VALUES })));
    const query = JSON.stringify(textOf(LogMetrics));
    return async (run, turn) => {
      const one = runs[run];
      const steps = VALUES.map((_, i) => turn * LINES + i);
      const body = `{"query":${query},"variables":{"input":{"runId":"${one?.run.id}","batch":{"attempt":1,"batch":${turn + 1},"steps":[${steps}],"series":${series}}}}}`;
      await post({ ...service, key: one?.apiKey ?? "" }, "/graphql", body);
    };
  };
}

async function stream(service: Service, path: string, from: number, count: number): Promise<void> {
  const lines = Array.from(
    { length: count },
    (_, i) => `"{\\"_step\\":${from + i},\\"_timestamp\\":1.8e9,${TAIL[i % LINES]}}"`,
  );
  const text = await post(
    service,
    `/wandb/files/${path}/file_stream`,
    `{"files":{"wandb-history.jsonl":{"offset":${from},"content":[${lines}]}}}`,
  );
  if (!text.includes("stopped")) throw new Error(text.slice(0, 300));
}

async function post({ url, key }: Pick<Service, "url" | "key">, path: string, body: string): Promise<string> {
  pool ??= new Pool(url, { connections: RUNS });
  const response = await pool.request({
    ...{ method: "POST", path, body },
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
  });
  const text = await response.body.text();
  if (response.statusCode !== 200 || text.includes('"errors"'))
    throw new Error(`${response.statusCode}: ${text.slice(0, 500)}`);
  return text;
}

// biome-ignore lint/suspicious/noExplicitAny: what a document asks for, its caller knows
async function wire(service: Service, query: string, variables: Record<string, unknown>): Promise<any> {
  return (
    JSON.parse(await post(service, "/wandb/graphql", JSON.stringify({ query, variables }))) as {
      data: unknown;
    }
  ).data;
}

async function cpuSeconds({ url, key }: Service): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })).text();
  const found = /^process_cpu_seconds_total\S* ([\d.e+-]+)/m.exec(text)?.[1];
  if (found === undefined) throw new Error(`/metrics tells no processor time: ${text.slice(0, 200)}`);
  return Number(found);
}
