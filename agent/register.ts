import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Client } from "@/client/client";
import { AppError } from "@/core/errors";
import { RegisterAgent } from "@/graphql/operations";
import type { SweepFacts } from "./run/live-run";

export interface Registered {
  agentId: string;
  sweep: SweepFacts & { name: string; url: string };
  heartbeatMs: number | null;
}

export interface Registration {
  client: Client;
  sweepId: string;
  slots: number;
  version: string;
  cwd: string;
  /** A word for each card that it hands out. */
  gpus?: readonly string[];
}

/** Makes this process known to the server as an agent of one sweep. */
export async function register(
  { client, sweepId, slots, version, cwd, gpus = [] }: Registration,
  patienceMs: number,
): Promise<Registered> {
  const { agent, sweep, heartbeatMs } = await client.mutate(
    RegisterAgent,
    {
      input: {
        sweepId,
        host: hostname(),
        pid: process.pid,
        slots,
        version,
        cwd,
        ...(gpus.length > 0 && { gpus: [...gpus] }),
        clientMutationId: randomUUID(),
      },
    },
    { patienceMs },
  );
  if (!agent || !sweep)
    throw new AppError("INTERNAL", "the server registered this agent without telling its number");
  const { project, ...facts } = sweep;
  return {
    agentId: agent.id,
    heartbeatMs,
    sweep: { ...facts, project: project.name, entity: project.entity.name },
  };
}
