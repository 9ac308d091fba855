import type { ProjectField } from "@/core/project-filter";
import type { RunState } from "@/core/run";
import type { RunFilter } from "@/core/run-filter";
import type { Goal, SweepState } from "@/core/sweep";
import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

/** What the command line asks. */

export const CheckKey = toDocument<{
  viewer: { name: string; entity: { name: string } } | null;
  serverInfo: { version: string; url: string };
}>(/* GraphQL */ `
  query CheckKey { viewer { name entity { name } } serverInfo { version url } }
`);

/** A run as the terminal shows it. */
export interface ListedRun {
  id: string;
  name: string;
  displayName: string;
  ordinal: number | null;
  state: RunState;
  stateReason: string | null;
  stateDetail: string | null;
  /** JSON text: read it with `parseJson`. */
  params: string;
  objective: number | null;
  exitCode: number | null;
  attempt: number;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface ListedSweep {
  id: string;
  name: string;
  path: string;
  url: string;
  state: SweepState;
  metric: { name: string; goal: Goal } | null;
}

const LISTED_SWEEP = "id name path url state metric { name goal }";
const LISTED_RUN =
  "id name displayName ordinal state stateReason stateDetail params objective exitCode attempt createdAt startedAt finishedAt";

interface Page<Node> {
  totalCount: number;
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export const ListRuns = toDocument<
  { sweep: (ListedSweep & { runs: Page<ListedRun> }) | null },
  { id: string; first: number; after: string | null; filter: RunFilter | null }
>(/* GraphQL */ `
  query ListRuns($id: ID!, $first: Int!, $after: String, $filter: RunFilter) {
    sweep(id: $id) {
      ${LISTED_SWEEP}
      runs(first: $first, after: $after, filter: $filter) {
        totalCount
        nodes { ${LISTED_RUN} }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

/** Which run of a sweep is meant by a name for people, a name in paths, or a number. */
export const FindRun = toDocument<
  { sweep: { runs: { nodes: { id: string }[] } } | null },
  { sweepId: string; filter: RunFilter }
>(/* GraphQL */ `
  query FindRun($sweepId: ID!, $filter: RunFilter!) {
    sweep(id: $sweepId) { runs(first: 2, filter: $filter) { nodes { id } } }
  }
`);

export interface DownloadedFile {
  name: string;
  size: number;
  md5: string | null;
  updatedAt: string;
  url: string;
}

/** Of a run by its number, or by entity, project and name. */
export const ListRunFiles = toDocument<
  { run: { id: string; files: Page<DownloadedFile> } | null },
  {
    id: string | null;
    entity: string | null;
    project: string | null;
    name: string | null;
    prefix: string;
    first: number;
    after: string | null;
  }
>(/* GraphQL */ `
  query ListRunFiles(
    $id: ID, $entity: String, $project: String, $name: String, $prefix: String!, $first: Int!, $after: String
  ) {
    run(id: $id, entity: $entity, project: $project, name: $name) {
      id
      files(prefix: $prefix, first: $first, after: $after) {
        totalCount nodes { name size md5 updatedAt url } pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export const StopListedRun = toDocument<
  { stopRun: { run: ListedRun | null; error: Failure | null } },
  { input: { runId: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation StopListedRun($input: StopRunInput!) {
    stopRun(input: $input) { run { ${LISTED_RUN} } error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export type ProjectFilter =
  | { readonly and: readonly ProjectFilter[] }
  | { readonly field: ProjectField; readonly op: "eq"; readonly value: string };

/** A sweep in a list of those of several projects. */
export interface SweepOfProject extends ListedSweep {
  method: string;
  createdAt: string;
  counts: { total: number; running: number; finished: number };
  bestRun: { objective: number | null } | null;
}

const SWEEP_OF_PROJECT = `${LISTED_SWEEP} method createdAt counts { total running finished } bestRun { objective }`;

export const ListSweeps = toDocument<
  { projects: { nodes: { sweeps: { nodes: SweepOfProject[] } }[] } },
  { filter: ProjectFilter | null; first: number }
>(/* GraphQL */ `
  query ListSweeps($filter: ProjectFilter, $first: Int!) {
    projects(first: 20, filter: $filter, orderBy: [{ field: id, direction: desc }]) {
      nodes { sweeps(first: $first, orderBy: [{ field: createdAt, direction: desc }]) { nodes { ${SWEEP_OF_PROJECT} } } }
    }
  }
`);

/** The last, least and greatest value of each metric that a run logged. */
export interface ExportedRun extends ListedRun {
  summary: { name: string; count: number; last: number | null; min: number | null; max: number | null }[];
}

export const ExportRuns = toDocument<
  { sweep: (ListedSweep & { runs: Page<ExportedRun> }) | null },
  { id: string; first: number; after: string | null }
>(/* GraphQL */ `
  query ExportRuns($id: ID!, $first: Int!, $after: String) {
    sweep(id: $id) {
      ${LISTED_SWEEP}
      runs(first: $first, after: $after) {
        totalCount
        nodes { ${LISTED_RUN} summary { name count last min max } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export const BestRun = toDocument<
  {
    sweep:
      | (ListedSweep & {
          program: string | null;
          command: string[] | null;
          constrained: boolean;
          counts: { total: number; finished: number };
          bestRun: (ListedRun & { objectiveStep: number | null; url: string }) | null;
        })
      | null;
  },
  { id: string }
>(/* GraphQL */ `
  query BestRun($id: ID!) {
    sweep(id: $id) {
      ${LISTED_SWEEP}
      program command constrained
      counts { total finished }
      bestRun { ${LISTED_RUN} objectiveStep url }
    }
  }
`);

/** A run outside any sweep: a training program that reports by itself. */
export const CreateRun = toDocument<
  {
    createRun: {
      run: { id: string; name: string; url: string } | null;
      attempt: number | null;
      /** Valid for this run and attempt only. */
      apiKey: string | null;
      error: Failure | null;
    };
  },
  {
    input: {
      entity?: string;
      project?: string;
      name?: string;
      displayName?: string;
      params?: string;
      clientMutationId?: string;
    };
  }
>(/* GraphQL */ `
  mutation CreateRun($input: CreateRunInput!) {
    createRun(input: $input) {
      run { id name url }
      attempt apiKey
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);
