import { AppError } from "@/core/errors";
import type { SweepState } from "@/core/sweep";
import { insertAgent } from "@/db/queries/agents";
import { getSweep } from "@/db/queries/sweeps";
import { authorizeProject, requireUser, systemAccess } from "./authorize";
import { badInput, checkInteger, checkMutationId, checkSweepId, checkText, maybeText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { once } from "./once";
import { loadPlan } from "./plan";

export interface RegisterAgentInput {
  readonly sweepId: string;
  readonly host: string;
  readonly pid?: number | undefined;
  /** How many runs it may hold at once. */
  readonly slots?: number | undefined;
  readonly version?: string | undefined;
  /** A word for each device that it may hand out, such as "0: NVIDIA A100 80GB". */
  readonly gpus?: readonly string[] | undefined;
  /** Where it was started. */
  readonly cwd?: string | undefined;
  readonly clientMutationId?: string | undefined;
}

export interface RegisterAgentAnswer {
  readonly agentId: number;
  readonly sweepId: string;
  readonly entity: string;
  readonly project: string;
  readonly name: string;
  readonly state: SweepState;
  readonly program: string | undefined;
  /** Undefined means W&B's default command. */
  readonly command: readonly string[] | undefined;
}

/** @throws AppError SWEEP_NOT_RUNNING for a sweep that is over, as W&B does */
export async function registerAgent(
  context: EngineContext,
  input: RegisterAgentInput,
): Promise<RegisterAgentAnswer> {
  const { db } = context;
  const { userId } = requireUser(context.access);
  const sweepId = checkSweepId(input.sweepId);
  const host = checkText("host", input.host, 255);
  const pid = input.pid == null ? null : checkInteger("pid", input.pid, 1, 2 ** 31 - 1);
  const slots = checkInteger("slots", input.slots ?? 1, 1, 10_000);
  const version = maybeText("version", input.version, 100);
  const gpus = checkGpus(input.gpus ?? []);
  const cwd = maybeText("cwd", input.cwd, 4_096);
  const facts = await sweepFacts(db, sweepId);
  await authorizeProject(context, facts.projectId, "member");
  const sweep = await getSweep(db, systemAccess(), sweepId);
  if (sweep === undefined)
    throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
  const { config } = await loadPlan(db, db.sql, { sweepId, generation: sweep.generation });
  const { answer, repeated } = await once(
    context,
    {
      verb: "registerAgent",
      input: { sweepId, host, pid, slots, version, gpus, cwd },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      // Within: a repeated call gets its first answer, whatever has become of the sweep meanwhile.
      refuseEnded(sweepId, sweep.state);
      return { agentId: await insertAgent(tx, { sweepId, userId, host, pid, slots, version, gpus, cwd }) };
    },
  );
  if (!repeated) emitChange(facts.projectId, sweepId, null, "agent");
  return {
    agentId: answer.agentId,
    sweepId,
    entity: facts.entity,
    project: facts.project,
    name: sweep.name,
    state: sweep.state,
    program: config.program,
    command: config.command,
  };
}

const MAX_GPUS = 256;

function checkGpus(gpus: readonly string[]): string[] {
  if (!Array.isArray(gpus) || gpus.length > MAX_GPUS)
    throw badInput("gpus", Array.isArray(gpus) ? gpus.length : gpus, `a list of at most ${MAX_GPUS}`);
  return gpus.map((gpu, i) => checkText(`gpus[${i}]`, gpu, 200));
}

function refuseEnded(sweepId: string, state: SweepState): void {
  if (state !== "finished" && state !== "canceled") return;
  throw new AppError("SWEEP_NOT_RUNNING", `sweep ${sweepId} is ${state}: resume it first, or start another`, {
    details: { sweepId, state },
  });
}
