import type { FinishState, RunState, WarningCode } from "@/core/run";
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
  /** One word a device that it hands out, such as "0: NVIDIA A100 80GB". */
  gpus?: string[];
  cwd?: string;
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
        /** Regular expressions (RE2) with named groups, to be held against each line of stdout. */
        logPattern: string[] | null;
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
      sweep { id name url state program command metric { name goal } logPattern project { name entity { name } } }
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
      /** EXIT, because runs on this machine failed one after another. */
      quarantined: boolean;
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
      quarantined
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
  /** Which of the agent's slots it has, from 0. */
  slot?: number;
  /** What CUDA_VISIBLE_DEVICES says there. */
  device?: string;
}
export type AttemptCommand = "STALE" | "STOP" | "CANCEL";
/** DRAIN: take no more, leave when all have ended. STOP: hand back what is under way, and leave. EXIT: end everything and leave. */
export type HeartbeatDirective = "CONTINUE" | "DRAIN" | "STOP" | "EXIT";

export const Heartbeat = toDocument<
  {
    heartbeat: {
      commands: (AttemptRef & { command: AttemptCommand })[];
      directive: HeartbeatDirective | null;
      leaseMs: number | null;
      error: Failure | null;
    };
  },
  {
    input: {
      agentId?: string;
      attempts: AttemptRef[];
      started?: StartedProcess[];
      /** The answer waits so long, up to 20,000, for a command or a directive other than CONTINUE. */
      waitMs?: number;
    };
  }
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

export const DrainAgent = toDocument<
  { drainAgent: { agent: { id: string } | null; error: Failure | null } },
  { input: { agentId: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation DrainAgent($input: DrainAgentInput!) {
    drainAgent(input: $input) { agent { id } error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const StopAgent = toDocument<
  { stopAgent: { agent: { id: string } | null; error: Failure | null } },
  { input: { agentId: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation StopAgent($input: StopAgentInput!) {
    stopAgent(input: $input) { agent { id } error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const ResetMachine = toDocument<
  { resetMachine: { lifted: boolean | null; error: Failure | null } },
  { input: { sweepId: string; host: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation ResetMachine($input: ResetMachineInput!) {
    resetMachine(input: $input) { lifted error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const MarkPreempting = toDocument<
  { markPreempting: { marked: number | null; error: Failure | null } },
  { input: { attempts: AttemptRef[] } }
>(/* GraphQL */ `
  mutation MarkPreempting($input: MarkPreemptingInput!) {
    markPreempting(input: $input) { marked error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

/** What an attempt was, as far as whoever started it found out. At most 64 KiB as JSON. */
export interface AttemptFacts {
  argv?: string[];
  cwd?: string;
  host?: string;
  user?: string;
  os?: string;
  cpu?: { model?: string; count?: number };
  memoryBytes?: number;
  node?: string;
  python?: string;
  /** Versions by name. */
  packages?: Record<string, string>;
  git?: {
    root?: string;
    remote?: string;
    commit?: string;
    branch?: string;
    dirty?: boolean;
    /** Of the whole diff, and whether less of it was sent. */
    diffBytes?: number;
    diffCut?: boolean;
  };
  gpus?: { index?: number; name?: string; memoryBytes?: number }[];
}

export const DescribeAttempt = toDocument<
  { describeAttempt: { error: Failure | null } },
  { input: AttemptRef & { facts: AttemptFacts; diff?: string } }
>(/* GraphQL */ `
  mutation DescribeAttempt($input: DescribeAttemptInput!) {
    describeAttempt(input: $input) { error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

/** Which try at a run is the current one. */
export const RunAttempt = toDocument<{ run: { attempt: number } | null }, { id: string }>(/* GraphQL */ `
  query RunAttempt($id: ID!) { run(id: $id) { attempt } }
`);

export const DateRun = toDocument<
  { dateRun: { error: Failure | null } },
  { input: { runId: string; startedAt?: string; finishedAt?: string } }
>(/* GraphQL */ `
  mutation DateRun($input: DateRunInput!) {
    dateRun(input: $input) { error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export interface SystemSample {
  timeMs: number;
  /** Finite numbers by name. */
  values: Record<string, number>;
}

export const LogSystem = toDocument<
  { logSystem: { error: Failure | null } },
  { input: AttemptRef & { samples: SystemSample[] } }
>(/* GraphQL */ `
  mutation LogSystem($input: LogSystemInput!) {
    logSystem(input: $input) { error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const WarnRun = toDocument<
  { warnRun: { error: Failure | null } },
  { input: AttemptRef & { warnings: { code: WarningCode; message: string }[] } }
>(/* GraphQL */ `
  mutation WarnRun($input: WarnRunInput!) {
    warnRun(input: $input) { error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

/** Whether a run has ever logged a metric, by whichever way. */
export const HasMetric = toDocument<
  { run: { metric: { count: number } | null } | null },
  { id: string; name: string }
>(/* GraphQL */ `
  query HasMetric($id: ID!, $name: String!) {
    run(id: $id) { metric(name: $name) { count } }
  }
`);
