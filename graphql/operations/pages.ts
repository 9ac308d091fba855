import type { MetricStat } from "@/core/filter/operand";
import type { RunColumns, RunInColumns } from "@/core/run-columns";
import type { Goal, SweepAction, SweepState } from "@/core/sweep";
import { toDocument } from "./document";

/** What the pages ask. One query a page, and for the live ones the subscriptions that carry it on. */

export interface Viewer {
  name: string;
  entity: { name: string };
}

export interface SweepMetric {
  name: string;
  goal: Goal;
  target: number | null;
}

export interface RunCounts {
  total: number;
  pending: number;
  running: number;
  finished: number;
  failed: number;
  crashed: number;
  killed: number;
  preempting: number;
  preempted: number;
}

/** exited: it said goodbye. lost: its heartbeats stopped. */
export type AgentState = "alive" | "lost" | "exited";

const METRIC = "metric { name goal target }";
const COUNTS = "counts { total pending running finished failed crashed killed preempting preempted }";

// ------------------------------------------------------------------ lists of sweeps

/** A sweep in a list. */
export interface SweepLine {
  id: string;
  name: string;
  state: SweepState;
  stateReason: string | null;
  method: string;
  metric: SweepMetric | null;
  runCap: number | null;
  /** Decimal text; null when the sweep has no end. */
  size: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  counts: RunCounts;
  bestRun: { id: string; name: string; displayName: string; objective: number | null } | null;
  agents: { id: string; state: AgentState }[];
  /** At 32 equal steps of its time, until the last run's end. */
  bestOverTime: (number | null)[];
  lastResultAt: string | null;
  workerCommand: string;
  allowedActions: SweepAction[];
  viewerCanEdit: boolean;
}

export const SWEEP_LINE = /* GraphQL */ `
  fragment SweepLine on Sweep {
    id name state stateReason method ${METRIC} runCap size createdAt startedAt finishedAt ${COUNTS}
    bestRun { id name displayName objective }
    agents { id state } bestOverTime lastResultAt workerCommand allowedActions viewerCanEdit
  }
`;

// ------------------------------------------------------------------ sweep page

/** A run in the sweep's table: ten thousand of them travel, so nothing is here that the table does not show. */
export type RunLine = RunInColumns;

export const RUN_LINE = /* GraphQL */ `
  fragment RunLine on Run {
    id name displayName ordinal state stateReason objective feasible params createdAt startedAt finishedAt tags notes
    agent { id host }
  }
`;

export interface AgentLine {
  id: string;
  host: string;
  pid: number | null;
  slots: number;
  /** A word for each device that it hands out. */
  gpus: string[];
  state: AgentState;
  /** What somebody asked of it. */
  wish: "DRAIN" | "STOP" | null;
  /** Its machine gets no more runs of the sweep. */
  quarantined: boolean;
  createdAt: string;
  lastHeartbeatAt: string;
  slotsInUse: {
    slot: number | null;
    device: string | null;
    run: { id: string; name: string; displayName: string };
  }[];
  runsDone: number;
  runsFailed: number;
}

export interface MachineLine {
  host: string;
  failuresInARow: number;
  /** Null while its agents get runs. */
  quarantinedAt: string | null;
  reason: string | null;
}

export interface Front {
  size: number;
  /** Finished runs, and how many of them ended after the last that came into the front. */
  runs: number;
  since: number;
  /** In the order of the metrics, as the members' values. */
  reference: number[];
  hypervolume: number | null;
  /** The best ones in the first metric, the best first. */
  members: {
    run: { id: string; name: string; displayName: string } | null;
    values: number[];
    ordinal: number;
  }[];
}

export interface BestByModel {
  run: { id: string; name: string; displayName: string } | null;
  /** What it expects of another run of that configuration on average, and how well it knows that. */
  mean: number;
  sd: number;
  /** The same for the run with the best value; null when that was deleted since. */
  luckiest: { run: { id: string } | null; value: number; mean: number; sd: number };
}

/** What the sweep's page shows besides its runs; small enough to be sent whole at each change. */
export interface SweepHead {
  id: string;
  name: string;
  url: string;
  path: string;
  state: SweepState;
  stateReason: string | null;
  method: string;
  generation: number;
  metric: SweepMetric | null;
  runCap: number | null;
  size: string | null;
  exhausted: boolean;
  /** Only runs that keep to constraints on metrics can be the best. */
  constrained: boolean;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  counts: RunCounts;
  bestRun:
    | (Pick<RunLine, "id" | "name" | "displayName" | "ordinal" | "objective" | "params" | "finishedAt"> & {
        objectiveStep: number | null;
      })
    | null;
  /** All of them, the first included. */
  metrics: SweepMetric[];
  /** Metrics that its runs log, the first 24 by name, and whether there are more. */
  metricNames: { names: string[]; more: boolean };
  /** Null with one metric, and before there is a compromise. */
  front: Front | null;
  /** What the sweep's model makes of its results; null without a model. */
  bestByModel: BestByModel | null;
  bestSoFar: {
    runId: string;
    displayName: string;
    objective: number;
    finishedAt: string;
    /** How many runs had ended by then, itself included. */
    ordinal: number;
  }[];
  agents: AgentLine[];
  /** Those on which runs have failed one after another. */
  machines: MachineLine[];
  agentCommand: string;
  workerCommand: string;
  allowedActions: SweepAction[];
  viewerCanEdit: boolean;
}

export const AGENT_LINE = /* GraphQL */ `
  fragment AgentLine on Agent {
    id host pid slots gpus state wish quarantined createdAt lastHeartbeatAt runsDone runsFailed
    slotsInUse { slot device run { id name displayName } }
  }
`;

const SWEEP_HEAD = /* GraphQL */ `
  fragment SweepHead on Sweep {
    id name url path state stateReason method generation ${METRIC} runCap size exhausted constrained
    createdAt startedAt finishedAt ${COUNTS}
    bestRun { id name displayName ordinal objective objectiveStep params finishedAt }
    metrics { name goal target }
    metricNames: commonMetrics(first: 24) { names more }
    front { size runs since reference hypervolume members(first: 50) { run { id name displayName } values ordinal } }
    bestByModel { run { id name displayName } mean sd luckiest { run { id } value mean sd } }
    bestSoFar { runId displayName objective finishedAt ordinal }
    agents { ...AgentLine }
    machines { host failuresInARow quarantinedAt reason }
    agentCommand workerCommand allowedActions viewerCanEdit
  }
  ${AGENT_LINE}
`;

export interface RunPageOfSweep {
  totalCount: number;
  nodes: RunLine[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export const SweepPage = toDocument<
  {
    viewer: Viewer | null;
    sweep:
      | (SweepHead & {
          source: string;
          project: { name: string; entity: { name: string } };
          runs: RunPageOfSweep;
        })
      | null;
  },
  { id: string; first: number }
>(/* GraphQL */ `
  query SweepPage($id: ID!, $first: Int!) {
    viewer { name entity { name } }
    sweep(id: $id) {
      ...SweepHead
      source
      project { name entity { name } }
      runs(first: $first, orderBy: {field: id, direction: desc}) {
        totalCount
        nodes { ...RunLine }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
  ${SWEEP_HEAD}
  ${RUN_LINE}
`);

/** Which number of which metric. */
export interface RunMetric {
  name: string;
  stat: MetricStat;
}

/** All runs of the sweep, 10,000 a page, or with `lines: false` the values alone. */
export const SweepColumns = toDocument<
  { sweep: { runColumns: RunColumns } | null },
  { id: string; after: string | null; metrics: readonly RunMetric[]; lines: boolean }
>(/* GraphQL */ `
  query SweepColumns($id: ID!, $after: String, $metrics: [RunMetricInput!]!, $lines: Boolean!) {
    sweep(id: $id) { runColumns(after: $after, metrics: $metrics, lines: $lines) }
  }
`);

export const SweepChanged = toDocument<{ sweepChanged: SweepHead }, { id: string }>(/* GraphQL */ `
  subscription SweepChanged($id: ID!) { sweepChanged(sweepId: $id) { ...SweepHead } }
  ${SWEEP_HEAD}
`);

export const RunsChanged = toDocument<
  {
    runsChanged: {
      /** Hand it back after a lost connection: nothing that changed meanwhile is missed. */
      cursor: string;
      runs: (RunLine & { values: (number | null)[] })[];
      removed: string[];
    };
  },
  { id: string; cursor: string | null; metrics: readonly RunMetric[] }
>(/* GraphQL */ `
  subscription RunsChanged($id: ID!, $cursor: String, $metrics: [RunMetricInput!]!) {
    runsChanged(sweepId: $id, cursor: $cursor) {
      cursor
      runs { ...RunLine values(metrics: $metrics) }
      removed
    }
  }
  ${RUN_LINE}
`);

/** An agent is heard of every 5 s: its own news, not the whole sweep's. */
export const AgentsChanged = toDocument<
  { agentsChanged: { agents: AgentLine[] } },
  { id: string }
>(/* GraphQL */ `
  subscription AgentsChanged($id: ID!) { agentsChanged(sweepId: $id) { agents { ...AgentLine } } }
  ${AGENT_LINE}
`);
