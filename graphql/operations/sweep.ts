import type { SweepAction, SweepState } from "@/core/sweep";
import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

export interface CreateSweepInput {
  entity?: string;
  project?: string;
  /** The file's text (YAML or JSON). Preferred: JSON text tells 1.0 from 1, a JSON value no longer does. */
  source?: string;
  json?: unknown;
  name?: string;
  /** Names or ids of runs. */
  priorRuns?: readonly string[];
  clientMutationId?: string;
}

export interface Warning {
  code: string;
  message: string;
  path: string[];
  line: number | null;
  column: number | null;
}

export interface CreatedSweep {
  id: string;
  name: string;
  /** `entity/project/id`, what the agent command takes. */
  path: string;
  url: string;
  state: SweepState;
  /** Decimal text; null when the sweep has no end. */
  size: string | null;
  /** At most this many runs. */
  runCap: number | null;
  agentCommand: string;
  /** The same on a machine without the clone. */
  workerCommand: string;
}

const CREATED_SWEEP = /* GraphQL */ `
  fragment CreatedSweep on Sweep { id name path url state size runCap agentCommand workerCommand }
`;

export const CreateSweep = toDocument<
  { createSweep: { sweep: CreatedSweep | null; warnings: Warning[]; error: Failure | null } },
  { input: CreateSweepInput }
>(/* GraphQL */ `
  mutation CreateSweep($input: CreateSweepInput!) {
    createSweep(input: $input) {
      sweep { ...CreatedSweep }
      warnings { code message path line column }
      error { ...Failure }
    }
  }
  ${CREATED_SWEEP}
  ${FAILURE_FRAGMENT}
`);

export const UpdateSweep = toDocument<
  {
    updateSweep: {
      sweep: CreatedSweep | null;
      warnings: Warning[];
      /** What is another one now, and what that means for the runs so far. */
      changes: { path: string; before: string | null; after: string | null; effect: string | null }[];
      error: Failure | null;
    };
  },
  { input: { sweepId: string; source?: string; json?: unknown; name?: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation UpdateSweep($input: UpdateSweepInput!) {
    updateSweep(input: $input) {
      sweep { ...CreatedSweep }
      warnings { code message path line column }
      changes { path before after effect }
      error { ...Failure }
    }
  }
  ${CREATED_SWEEP}
  ${FAILURE_FRAGMENT}
`);

export interface ControlResult {
  control: {
    sweep: {
      id: string;
      state: SweepState;
      stateReason: string | null;
      allowedActions: SweepAction[];
    } | null;
    error: Failure | null;
  };
}

const toControl = (mutation: string, input: string) =>
  toDocument<ControlResult, { input: { sweepId: string; clientMutationId?: string } }>(/* GraphQL */ `
  mutation ${input}($input: ${input}Input!) {
    control: ${mutation}(input: $input) {
      sweep { id state stateReason allowedActions }
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

export const PauseSweep = toControl("pauseSweep", "PauseSweep");
export const ResumeSweep = toControl("resumeSweep", "ResumeSweep");
export const StopSweep = toControl("stopSweep", "StopSweep");
export const CancelSweep = toControl("cancelSweep", "CancelSweep");
