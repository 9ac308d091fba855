import type { FinishState, RunState } from "@/core/run";
import type { Goal, SweepState } from "@/core/sweep";
import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

export interface RegisterAgentInput {
  /** An id or a full path `entity/project/id`. */
  sweepId: string;
  host: string;
  pid?: number;
  slots?: number;
  version?: string;
  clientMutationId?: string;
}

export const RegisterAgent = toDocument<
  {
    registerAgent: {
      agent: { id: string } | null;
      sweep: {
        id: string;
        name: string;
        url: string;
        state: SweepState;
        /** The training program, and the command as argv words with macros; null means W&B's default command. */
        program: string | null;
        command: string[] | null;
        metric: { name: string; goal: Goal } | null;
        project: { name: string; entity: { name: string } };
      } | null;
      heartbeatMs: number | null;
      error: Failure | null;
    };
  },
  { input: RegisterAgentInput }
>(/* GraphQL */ `
  mutation RegisterAgent($input: RegisterAgentInput!) {
    registerAgent(input: $input) {
      agent { id }
      sweep { id name url state program command metric { name goal } project { name entity { name } } }
      heartbeatMs
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

export interface Claim {
  runId: string;
  name: string;
  displayName: string;
  attempt: number;
  /** JSON text: read it with `parseJson`, which tells 1.0 from 1. */
  params: string;
  /** Valid for this run and attempt only; given to the child process. */
  apiKey: string;
  /** An earlier attempt of the same run ended before its time. */
  resumed: boolean;
  leaseExpiresAt: string | null;
}
export type ClaimDirective = "RUN" | "WAIT" | "PAUSED" | "EXIT";

export const ClaimRun = toDocument<
  {
    claimRun: {
      claims: Claim[];
      /** Null only beside an error. */
      directive: ClaimDirective | null;
      retryAfterMs: number | null;
      reason: string | null;
      error: Failure | null;
    };
  },
  { input: { sweepId: string; agentId: string; count?: number; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation ClaimRun($input: ClaimRunInput!) {
    claimRun(input: $input) {
      claims { runId name displayName attempt params apiKey resumed leaseExpiresAt }
      directive
      retryAfterMs
      reason
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

export interface AttemptRef {
  runId: string;
  attempt: number;
}
/** Told once: which process an attempt became. */
export interface StartedProcess extends AttemptRef {
  pid: number;
  command: string[];
}
export type AttemptCommand = "STALE" | "STOP" | "CANCEL";

export const Heartbeat = toDocument<
  {
    heartbeat: {
      commands: (AttemptRef & { command: AttemptCommand })[];
      directive: "CONTINUE" | "EXIT" | null;
      leaseMs: number | null;
      error: Failure | null;
    };
  },
  { input: { agentId?: string; attempts: AttemptRef[]; started?: StartedProcess[] } }
>(/* GraphQL */ `
  mutation Heartbeat($input: HeartbeatInput!) {
    heartbeat(input: $input) {
      commands { runId attempt command }
      directive
      leaseMs
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

/** Columnar: `series[i].values[j]` belongs to `steps[j]`; null is "not logged at this step". */
export interface MetricBatch {
  attempt: number;
  /** Numbered from 1 within the attempt; a repeated batch is acknowledged and ignored. */
  batch: number;
  steps: number[];
  /** Milliseconds since 1970, one a step. */
  times: number[];
  /** Non-finite numbers as "NaN", "Infinity", "-Infinity". */
  series: { key: string; values: unknown[] }[];
}

export const LogMetrics = toDocument<
  {
    logMetrics: {
      /** What shall become of the process, as a heartbeat says it. */
      command: AttemptCommand | null;
      error: Failure | null;
    };
  },
  { input: { runId: string; batch: MetricBatch } }
>(/* GraphQL */ `
  mutation LogMetrics($input: LogMetricsInput!) {
    logMetrics(input: $input) { command error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export interface OutputLine {
  stream: "stdout" | "stderr";
  /** Milliseconds since 1970. */
  time: number;
  /** Line ends included. */
  text: string;
}

export const LogOutput = toDocument<
  { logOutput: { error: Failure | null } },
  { input: { runId: string; attempt: number; batch: number; lines: OutputLine[] } }
>(/* GraphQL */ `
  mutation LogOutput($input: LogOutputInput!) {
    logOutput(input: $input) { error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export interface FinishRunInput extends AttemptRef {
  state: FinishState;
  exitCode?: number;
  reason?: string;
  /** One sentence for people. */
  detail?: string;
  clientMutationId?: string;
}

export const FinishRun = toDocument<
  {
    /** The run's state afterwards: `pending` when it went back into the queue. */
    finishRun: { runId: string | null; state: RunState | null; error: Failure | null };
  },
  { input: FinishRunInput }
>(/* GraphQL */ `
  mutation FinishRun($input: FinishRunInput!) {
    finishRun(input: $input) { runId state error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const LeaveAgent = toDocument<
  { leaveAgent: { error: Failure | null } },
  { input: { agentId: string } }
>(/* GraphQL */ `
  mutation LeaveAgent($input: LeaveAgentInput!) {
    leaveAgent(input: $input) { error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);
