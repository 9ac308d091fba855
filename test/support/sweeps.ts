import { type Claim, ClaimRun, CreateSweep, RegisterAgent } from "@/graphql/operations";
import { ask } from "./server";

type Server = { url: string; key: string };

/** A grid of `points` points over one parameter, optimising `loss`. */
export const gridOf = (points: number): string => `
method: grid
metric: {name: loss, goal: minimize}
program: train.py
parameters:
  x: {values: [${Array.from({ length: points }, (_, i) => i).join(", ")}]}
`;

export async function createSweep(server: Server, source = gridOf(4), project = "test"): Promise<string> {
  const { createSweep } = await ask(server, CreateSweep, { input: { source, project } });
  if (createSweep.sweep === null) throw new Error(createSweep.error?.message);
  return createSweep.sweep.id;
}

export async function registerAgent(server: Server, sweepId: string): Promise<string> {
  const { registerAgent } = await ask(server, RegisterAgent, { input: { sweepId, host: "test", slots: 4 } });
  if (registerAgent.agent === null) throw new Error(registerAgent.error?.message);
  return registerAgent.agent.id;
}

export async function claim(server: Server, sweepId: string, agentId: string, count = 1): Promise<Claim[]> {
  const { claimRun } = await ask(server, ClaimRun, { input: { sweepId, agentId, count } });
  if (claimRun.error) throw new Error(claimRun.error.message);
  return claimRun.claims;
}

/** A sweep with `count` runs in hand. */
export async function withRuns(server: Server, count: number, source = gridOf(Math.max(count, 1))) {
  const sweepId = await createSweep(server, source);
  const agentId = await registerAgent(server, sweepId);
  return { sweepId, agentId, claims: await claim(server, sweepId, agentId, count) };
}
