import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import {
  type Claim,
  ClaimRun,
  FinishRun,
  LogMetrics,
  LogOutput,
  RegisterAgent,
} from "@/graphql/operations/agent";
import { textOf } from "@/graphql/operations/document";
import { CreateSweep } from "@/graphql/operations/sweep";

/** Plays user and agents over the real API, as a training program's owner would. */
export interface Driver {
  send<R, V extends Record<string, unknown>>(document: TypedDocumentNode<R, V>, variables: V): Promise<R>;
  createSweep(
    source: string,
    more?: { project?: string },
  ): Promise<{ id: string; path: string; url: string }>;
  registerAgent(sweepId: string, host: string): Promise<string>;
  claim(sweepId: string, agentId: string, count?: number): Promise<Claim[]>;
  /** Logs these values of the metric, one a step, and ends the run. */
  finish(claim: Claim, end: RunEnd): Promise<void>;
}

export interface RunEnd {
  /** Columns by metric name; all of one length. */
  series?: Readonly<Record<string, readonly (number | string)[]>>;
  output?: readonly string[];
  state?: "finished" | "failed";
  exitCode?: number;
}

export function openDriver(url: string, key: string): Driver {
  const sendAs = async <R, V extends Record<string, unknown>>(
    as: string,
    document: TypedDocumentNode<R, V>,
    variables: V,
  ): Promise<R> => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${as}` },
      body: JSON.stringify({ query: textOf(document), variables }),
    });
    const answer = (await response.json()) as { data?: R; errors?: { message: string }[] };
    if (answer.errors || !answer.data)
      throw new Error(`${response.status}: ${answer.errors?.map((error) => error.message).join("; ")}`);
    return answer.data;
  };
  return {
    send: (document, variables) => sendAs(key, document, variables),
    async createSweep(source, { project } = {}) {
      const { createSweep } = await sendAs(key, CreateSweep, {
        input: { source, ...(project && { project }) },
      });
      if (!createSweep.sweep) throw new Error(createSweep.error?.message);
      return createSweep.sweep;
    },
    async registerAgent(sweepId, host) {
      const { registerAgent } = await sendAs(key, RegisterAgent, { input: { sweepId, host, pid: 4_242 } });
      if (!registerAgent.agent) throw new Error(registerAgent.error?.message);
      return registerAgent.agent.id;
    },
    async claim(sweepId, agentId, count = 1) {
      const { claimRun } = await sendAs(key, ClaimRun, { input: { sweepId, agentId, count } });
      if (claimRun.error) throw new Error(claimRun.error.message);
      return claimRun.claims;
    },
    async finish(claim, { series = {}, output = [], state = "finished", exitCode = 0 }) {
      const { runId, attempt, apiKey } = claim;
      const columns = Object.entries(series);
      const length = columns[0]?.[1].length ?? 0;
      const now = Date.now();
      if (length > 0) {
        const batch = {
          attempt,
          batch: 1,
          steps: Array.from({ length }, (_, i) => i),
          times: Array.from({ length }, () => now),
          series: columns.map(([name, values]) => ({ key: name, values: [...values] })),
        };
        const { logMetrics } = await sendAs(apiKey, LogMetrics, { input: { runId, batch } });
        if (logMetrics.error) throw new Error(logMetrics.error.message);
      }
      if (output.length > 0) {
        const lines = output.map((text) => ({ stream: "stdout" as const, time: now, text: `${text}\n` }));
        const { logOutput } = await sendAs(apiKey, LogOutput, { input: { runId, attempt, batch: 1, lines } });
        if (logOutput.error) throw new Error(logOutput.error.message);
      }
      const { finishRun } = await sendAs(apiKey, FinishRun, { input: { runId, attempt, state, exitCode } });
      if (finishRun.error) throw new Error(finishRun.error.message);
    },
  };
}

/** Finishes this many runs of the sweep with one value each, by 24 hands. */
export async function finishMany(
  driver: Driver,
  sweepId: string,
  agentId: string,
  count: number,
): Promise<void> {
  let left = count;
  const work = async () => {
    while (left > 0) {
      // No heartbeat keeps them: all have to end within their lease of 20 s, on a busy machine too.
      const take = Math.min(left, Math.ceil(count / 24), 4);
      left -= take;
      for (const claim of await driver.claim(sweepId, agentId, take)) {
        const { accuracy } = train(JSON.parse(claim.params), 20);
        await driver.finish(claim, { series: { accuracy: accuracy.slice(-1) } });
      }
    }
  };
  await Promise.all(Array.from({ length: 24 }, work));
}

/** A believable training: the parameters decide where it ends, and it gets there in a curve. */
export function train(params: Readonly<Record<string, unknown>>, epochs = 20) {
  const lr = Number(params.lr ?? 0.01);
  const hidden = Number(params.hidden ?? 32);
  const dropout = Number(params.dropout ?? 0);
  const miss = (Math.log10(lr) + 2) ** 2 * 0.09 + (dropout - 0.2) ** 2 + 1.2 / hidden;
  const reach = 0.985 / (1 + miss);
  const wobble = (i: number) => Math.sin(i * 12.9898 + lr * 1e4 + hidden) * 0.006;
  const accuracy = Array.from({ length: epochs }, (_, i) => reach * (1 - Math.exp(-(i + 1) / 4)) + wobble(i));
  return { accuracy, loss: accuracy.map((value) => -Math.log(Math.max(value, 0.02))) };
}

export const DIGITS_SWEEP = `# Handwritten digits: which learning rate, how wide, how much dropout?
name: digits, first look
method: grid
program: train.ts
metric:
  name: accuracy
  goal: maximize
parameters:
  lr:
    values: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001]  # one decade either side of the default
  hidden:
    values: [16, 32, 64, 128]
  dropout:
    values: [0.0, 0.1, 0.2, 0.4]
  optimizer:
    value: adam
  epochs:
    value: 20
`;
