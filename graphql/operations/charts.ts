import type { RunFilter } from "@/core/run-filter";
import { toDocument } from "./document";
import { RUN_LINE, type RunLine, type SweepMetric, type Viewer } from "./pages";

/** What charts of many runs ask: on a sweep's page, and where runs are compared. */

export type ChartAxis = "STEP" | "TIME" | "RELATIVE_TIME" | "METRIC";

/** One line; either points or buckets are set. */
export interface ChartSeries {
  runId: string;
  key: string;
  total: number;
  unpaired: number;
  points: { x: number[]; values: unknown[] } | null;
  buckets: {
    /** Absent along steps, where a bucket stands at its last step. */
    start?: number[];
    lastStep?: number[];
    last: (number | null)[];
    min: (number | null)[];
    max: (number | null)[];
    nonFiniteTotal: number;
  } | null;
}

export interface ChartBand {
  key: string;
  start: number[];
  runs: number[];
  mean: (number | null)[];
  sd: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
}

interface ChartRange extends Record<string, unknown> {
  runIds: readonly string[];
  keys: readonly string[];
  axis: ChartAxis;
  /** With METRIC: which. */
  metric: string | null;
  min: number | null;
  max: number | null;
  samples: number;
}

const RANGE_TYPES =
  "$runIds: [ID!]!, $keys: [String!]!, $axis: HistoryAxis!, $metric: String, $min: Float, $max: Float, $samples: Int!";
const RANGE =
  "runIds: $runIds, keys: $keys, x: { axis: $axis, metric: $metric }, min: $min, max: $max, samples: $samples";

/** Lines of runs, only the columns that are drawn: of a bucket its last value with every digit, for the line and its CSV, the band's edges in 8. */
export const ChartLines = toDocument<
  { histories: { width: number | null; series: ChartSeries[] } },
  ChartRange & { bySteps: boolean }
>(/* GraphQL */ `
  query ChartLines(${RANGE_TYPES}, $bySteps: Boolean!) {
    histories(${RANGE}) {
      width
      series {
        runId key total unpaired
        points { x values }
        buckets {
          start @skip(if: $bySteps) lastStep @include(if: $bySteps)
          last min(digits: 8) max(digits: 8) nonFiniteTotal
        }
      }
    }
  }
`);

/** All of these runs as one line with a band. */
export const ChartBands = toDocument<
  { histories: { width: number | null; bands: ChartBand[] } },
  ChartRange
>(/* GraphQL */ `
  query ChartBands(${RANGE_TYPES}) {
    histories(${RANGE}) { width bands { key start runs mean sd min max } }
  }
`);

/** As many names as one answer holds. */
export const MOST_METRIC_NAMES = 1_000;

export const SweepMetricNames = toDocument<
  { sweep: { metricNames: string[] } | null },
  { id: string; contains: string | null }
>(/* GraphQL */ `
  query SweepMetricNames($id: ID!, $contains: String) {
    sweep(id: $id) { metricNames(contains: $contains) }
  }
`);

// ------------------------------------------------------------------ comparing

/** One of the runs that are compared. */
export interface ComparedRun extends RunLine {
  notes: string | null;
  attempt: number;
  exitCode: number | null;
  crashes: number;
  sweep: { id: string; name: string; metric: SweepMetric | null } | null;
  summary: {
    name: string;
    count: number;
    last: number | null;
    min: number | null;
    max: number | null;
  }[];
}

export const ComparePage = toDocument<
  {
    viewer: Viewer | null;
    project: {
      id: string;
      name: string;
      entity: { name: string };
      runs: { nodes: ComparedRun[] };
    } | null;
  },
  { entity: string; project: string; filter: RunFilter; first: number }
>(/* GraphQL */ `
  query ComparePage($entity: String!, $project: String!, $filter: RunFilter!, $first: Int!) {
    viewer { name entity { name } }
    project(entity: $entity, name: $project) {
      id name entity { name }
      runs(first: $first, filter: $filter) {
        nodes {
          ...RunLine
          notes attempt exitCode crashes
          sweep { id name metric { name goal target } }
          summary { name count last min max }
        }
      }
    }
  }
  ${RUN_LINE}
`);

/** For whoever adds a run by a part of its name. */
export const RunNames = toDocument<
  { project: { runs: { nodes: { id: string; name: string; displayName: string }[] } } | null },
  { entity: string; project: string; filter: RunFilter }
>(/* GraphQL */ `
  query RunNames($entity: String!, $project: String!, $filter: RunFilter!) {
    project(entity: $entity, name: $project) {
      runs(first: 20, filter: $filter) { nodes { id name displayName } }
    }
  }
`);
