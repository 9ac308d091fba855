import type { Claim } from "@/graphql/operations";
import type { Slot } from "../slots";

export interface ChildFacts {
  /** The server's address. */
  url: string;
  claim: Pick<Claim, "runId" | "name" | "displayName" | "attempt" | "apiKey">;
  sweep: { id: string; project: string; entity: string };
  /** JSON of the parameters. */
  paramsFile: string;
  /** The same as W&B's client reads it. */
  wandbParamsFile: string;
  mark: { name: string; value: string };
  /** The sweep's metric. */
  metric?: string | undefined;
  /** Where it may save what another attempt goes on from; absent when there is no such place. */
  checkpointDir?: string | undefined;
  slot?: Slot | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The user's own keys, the way into the server's database (an agent on the server's machine may well have it), and
 * what would lead an imported wandb elsewhere: none of it reaches a training process. Of `BESOM_*` it gets what is set
 * below, nothing else.
 */
const WITHHELD: ReadonlySet<string> = new Set([
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "WANDB_API_KEY",
  "WANDB_IDENTITY_TOKEN_FILE",
  "WANDB_SERVICE",
  "WANDB_APP_URL",
]);
/** Ours, and PostgreSQL's own (PGHOST, PGPASSWORD). */
const WITHHELD_KINDS = /^(?:BESOM_|PG[A-Z])/;

const isWithheld = (name: string): boolean => WITHHELD.has(name) || WITHHELD_KINDS.test(name);

/** What a training process finds in its environment: design, section 8. */
export function toChildEnv(own: Env, facts: ChildFacts): Record<string, string> {
  const { url, claim, sweep, paramsFile, wandbParamsFile, mark, metric, checkpointDir, slot } = facts;
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(own))
    if (value !== undefined && !isWithheld(name)) kept[name] = value;
  return {
    // Python holds back what it prints to a pipe: metrics would come late, and a stopped run's last ones never.
    PYTHONUNBUFFERED: "1",
    ...kept,
    BESOM_URL: url,
    BESOM_API_KEY: claim.apiKey,
    BESOM_RUN_ID: claim.runId,
    BESOM_RUN_NAME: claim.name,
    BESOM_SWEEP_ID: sweep.id,
    BESOM_PROJECT: sweep.project,
    BESOM_ENTITY: sweep.entity,
    BESOM_ATTEMPT: String(claim.attempt),
    BESOM_PARAMS_FILE: paramsFile,
    /** Reads stdout: a client in the training program prints its metrics instead of sending them beside ours. */
    BESOM_REPORT: "stdout",
    ...(metric !== undefined && { BESOM_METRIC: metric }),
    ...(checkpointDir !== undefined && { BESOM_CHECKPOINT_DIR: checkpointDir }),
    ...(slot && { BESOM_SLOT: String(slot.index) }),
    ...(slot?.device !== undefined && {
      CUDA_VISIBLE_DEVICES: slot.device,
      // The numbers are nvidia-smi's, which counts by the bus; CUDA by itself would count by speed.
      CUDA_DEVICE_ORDER: own.CUDA_DEVICE_ORDER ?? "PCI_BUS_ID",
    }),
    [mark.name]: mark.value,
    WANDB_RUN_ID: claim.name,
    WANDB_NAME: claim.displayName,
    WANDB_SWEEP_ID: sweep.id,
    WANDB_SWEEP_PARAM_PATH: wandbParamsFile,
    WANDB_PROJECT: sweep.project,
    WANDB_ENTITY: sweep.entity,
    WANDB_BASE_URL: `${url.replace(/\/+$/, "")}/wandb`,
    WANDB_API_KEY: claim.apiKey,
  };
}
