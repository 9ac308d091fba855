import type { MediaKind } from "@/core/media";
import type { WarningCode } from "@/core/run";
import type { RunFilter, RunOrder } from "@/core/run-filter";
import type { AttemptFacts } from "./agent";
import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";
import { RUN_LINE, type RunLine, type SweepMetric, type Viewer } from "./pages";

/** What the page of one run asks, and the subscriptions that carry it on. */

export interface MetricSummary {
  name: string;
  count: number;
  nonFinite: number;
  last: number | null;
  min: number | null;
  max: number | null;
  mean: number | null;
  lastStep: number | null;
  minStep: number | null;
  maxStep: number | null;
  /** The beginning of the last value that is no number, as JSON text. */
  lastOther: string | null;
  /** Where that is a picture, a table or the like. */
  media: MediaKind | null;
}

export interface AttemptLine {
  number: number;
  state: string;
  host: string | null;
  pid: number | null;
  command: string[] | null;
  /** Which of its agent's slots it has, from 0, and the devices it sees there. */
  slot: number | null;
  device: string | null;
  startedAt: string;
  endedAt: string | null;
  lastContactAt: string;
  lastStep: number | null;
  exitCode: number | null;
  reason: string | null;
  resumedFromStep: number | null;
}

/** What the page shows besides histories and output; small enough to be sent whole at each change. */
export interface RunHead extends RunLine {
  stateDetail: string | null;
  stopRequested: string | null;
  /** Why its sweep's early stopping asked it to stop, in a sentence. */
  earlyStop: { text: string } | null;
  /** Why its sweep's search chose its configuration; null where none did. */
  suggestion: {
    reason: string;
    observed: number;
    mean: number | null;
    sd: number | null;
    engine: string;
  } | null;
  objectiveStep: number | null;
  attempt: number;
  exitCode: number | null;
  crashes: number;
  notes: string | null;
  attempts: AttemptLine[];
  /** What whoever looks at it should know and its program does not say. */
  warnings: { code: WarningCode; message: string; attempt: number; at: string }[];
  summary: MetricSummary[];
  sweep: {
    id: string;
    name: string;
    state: string;
    metric: SweepMetric | null;
    bestRun: { id: string } | null;
  } | null;
}

const RUN_HEAD = /* GraphQL */ `
  fragment RunHead on Run {
    ...RunLine
    stateDetail stopRequested earlyStop { text }
    suggestion { reason observed mean sd engine } objectiveStep attempt exitCode crashes notes
    attempts {
      number state host pid command slot device startedAt endedAt lastContactAt lastStep exitCode reason resumedFromStep
    }
    warnings { code message attempt at }
    summary { name count nonFinite last min max mean lastStep minStep maxStep lastOther(most: 200) media }
    sweep { id name state metric { name goal target } bestRun { id } }
  }
  ${RUN_LINE}
`;

/** Columns of one length; values that are no finite numbers come as text ("NaN") or as they were logged. */
export interface RunSeries {
  key: string;
  total: number;
  exact: boolean;
  points: { x: number[]; values: unknown[] } | null;
  buckets: {
    lastStep: number[];
    start: number[];
    last: (number | null)[];
    min: (number | null)[];
    max: (number | null)[];
    nonFinite: number[];
  } | null;
}

export type HistoryAxis = "STEP" | "RELATIVE_TIME";

/** Points or buckets a line; a page draws some dozen of them. */
export const RUN_PAGE_SAMPLES = 500;
/** Of a part that somebody looks at closely. */
export const RUN_ZOOM_SAMPLES = 1_500;

const SERIES = /* GraphQL */ `
  fragment Series on Series {
    key total exact
    points { x values }
    buckets { start lastStep last min max nonFinite }
  }
`;

export interface OutputPiece {
  attempt: number;
  stream: "stdout" | "stderr";
  time: number;
  text: string;
}

export interface OutputPage {
  nodes: OutputPiece[];
  pageInfo: { hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const OUTPUT_PAGE = "nodes { attempt stream time text } pageInfo { hasPreviousPage startCursor endCursor }";

/** One number of its machine over time, in columns of one length. */
export interface SystemSeries {
  key: string;
  times: number[];
  values: number[];
  max: number[];
}

const SYSTEM = `system(samples: 240) { key times values max }`;

export const RunPage = toDocument<
  {
    viewer: Viewer | null;
    run:
      | (RunHead & {
          project: { name: string; entity: { name: string }; viewerCanEdit: boolean } | null;
          history: { series: RunSeries[] };
          system: SystemSeries[];
          output: OutputPage;
          configured: { config: unknown } | null;
        })
      | null;
  },
  { entity: string; project: string; name: string; samples: number }
>(/* GraphQL */ `
  query RunPage($entity: String!, $project: String!, $name: String!, $samples: Int!) {
    viewer { name entity { name } }
    run(entity: $entity, project: $project, name: $name) {
      ...RunHead
      project { name entity { name } viewerCanEdit }
      configured: sweep { config }
      history(samples: $samples, numbers: true) { series { ...Series } }
      ${SYSTEM}
      output(last: 400) { ${OUTPUT_PAGE} }
    }
  }
  ${RUN_HEAD}
  ${SERIES}
`);

/** Everything that the page shows, once more: after a change of axis or range, a new attempt, or too long an absence. */
export const RunHistory = toDocument<
  { run: { attempt: number; history: { series: RunSeries[] } } | null },
  { id: string; samples: number; axis: HistoryAxis; min: number | null; max: number | null }
>(/* GraphQL */ `
  query RunHistory($id: ID!, $samples: Int!, $axis: HistoryAxis!, $min: Float, $max: Float) {
    run(id: $id) {
      attempt
      history(samples: $samples, x: { axis: $axis }, min: $min, max: $max, numbers: true) { series { ...Series } }
    }
  }
  ${SERIES}
`);

/** Of the current attempt; nobody is told of new samples, so the page asks again while it works. */
export const RunSystem = toDocument<
  { run: { system: SystemSeries[] } | null },
  { id: string }
>(/* GraphQL */ `
  query RunSystem($id: ID!) { run(id: $id) { ${SYSTEM} } }
`);

/** Where it came from: some 20 kB an attempt, read beside the page. */
export const RunFacts = toDocument<
  { run: { attempts: { number: number; facts: AttemptFacts | null }[] } | null },
  { id: string }
>(/* GraphQL */ `
  query RunFacts($id: ID!) { run(id: $id) { attempts { number facts } } }
`);

/** How it was started, by each attempt. */
export const RunCommand = toDocument<
  { run: { attempts: { command: string[] | null; facts: AttemptFacts | null }[] } | null },
  { id: string }
>(/* GraphQL */ `
  query RunCommand($id: ID!) { run(id: $id) { attempts { command facts } } }
`);

/** The next better and the next worse one of its sweep, and how many there are of each. */
export interface Neighbours {
  totalCount: number;
  nodes: { id: string; name: string; displayName: string; objective: number | null }[];
}

export const RunNeighbours = toDocument<
  { sweep: { better: Neighbours; worse: Neighbours } | null },
  { sweepId: string; better: RunFilter; worse: RunFilter; up: readonly RunOrder[]; down: readonly RunOrder[] }
>(/* GraphQL */ `
  query RunNeighbours(
    $sweepId: ID!, $better: RunFilter!, $worse: RunFilter!, $up: [RunOrder!]!, $down: [RunOrder!]!
  ) {
    sweep(id: $sweepId) {
      better: runs(first: 1, filter: $better, orderBy: $up) { totalCount nodes { id name displayName objective } }
      worse: runs(first: 1, filter: $worse, orderBy: $down) { totalCount nodes { id name displayName objective } }
    }
  }
`);

/** Up to 256 KiB, when somebody wants to see it. */
export const RunDiff = toDocument<
  { run: { attempts: { diff: string | null }[] } | null },
  { id: string; attempt: number }
>(/* GraphQL */ `
  query RunDiff($id: ID!, $attempt: Int!) { run(id: $id) { attempts(number: $attempt) { diff } } }
`);

/** The end of what the current attempt printed, or of an earlier one. */
export const RunOutput = toDocument<
  { run: { output: OutputPage } | null },
  { id: string; attempt: number | null; last: number }
>(/* GraphQL */ `
  query RunOutput($id: ID!, $attempt: Int, $last: Int!) {
    run(id: $id) { output(attempt: $attempt, last: $last) { ${OUTPUT_PAGE} } }
  }
`);

export const StopRun = toDocument<
  { stopRun: { run: RunHead | null; error: Failure | null } },
  { input: { runId: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation StopRun($input: StopRunInput!) {
    stopRun(input: $input) { run { ...RunHead } error { ...Failure } }
  }
  ${RUN_HEAD}
  ${FAILURE_FRAGMENT}
`);

export const DeleteRun = toDocument<
  { deleteRun: { runId: string | null; error: Failure | null } },
  { input: { runId: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation DeleteRun($input: DeleteRunInput!) {
    deleteRun(input: $input) { runId error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const TagRun = toDocument<
  { tagRun: { runs: { id: string; tags: string[] }[] | null; error: Failure | null } },
  { input: { runIds: string[]; add?: string[]; remove?: string[]; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation TagRun($input: TagRunInput!) {
    tagRun(input: $input) { runs { id tags } error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const NoteRun = toDocument<
  { noteRun: { run: { id: string; notes: string | null } | null; error: Failure | null } },
  { input: { runId: string; text: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation NoteRun($input: NoteRunInput!) {
    noteRun(input: $input) { run { id notes } error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export interface LoggedSeries {
  attempt: number;
  key: string;
  steps: number[];
  times: number[];
  values: unknown[];
}

export const MetricsLogged = toDocument<
  { metricsLogged: { cursor: string; reset: boolean; series: LoggedSeries[] } },
  { runIds: string[]; cursor: string | null }
>(/* GraphQL */ `
  subscription MetricsLogged($runIds: [ID!]!, $cursor: String) {
    metricsLogged(scope: { runIds: $runIds }, cursor: $cursor, numbers: true) {
      cursor reset
      series { attempt key steps times values }
    }
  }
`);

export const RunChanged = toDocument<{ runChanged: RunHead }, { id: string }>(/* GraphQL */ `
  subscription RunChanged($id: ID!) { runChanged(runId: $id) { ...RunHead } }
  ${RUN_HEAD}
`);

export const OutputLogged = toDocument<
  { outputLogged: { cursor: string; reset: boolean; pieces: OutputPiece[] } },
  { id: string; cursor: string | null }
>(/* GraphQL */ `
  subscription OutputLogged($id: ID!, $cursor: String) {
    outputLogged(runId: $id, cursor: $cursor) { cursor reset pieces { attempt stream time text } }
  }
`);
