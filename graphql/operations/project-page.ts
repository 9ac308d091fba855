import type { RunFilter, RunOrder } from "@/core/run-filter";
import { toDocument } from "./document";
import {
  AGENT_LINE,
  type AgentLine,
  RUN_LINE,
  type RunLine,
  SWEEP_LINE,
  type SweepLine,
  type Viewer,
} from "./pages";

/** What the pages of all projects and of one project ask. */

export interface PageInfo {
  hasNextPage: boolean;
  endCursor: string | null;
}

// ------------------------------------------------------------------ all projects

export interface ProjectLine {
  id: string;
  name: string;
  description: string | null;
  entity: { name: string };
  createdAt: string;
  activeAt: string;
  /** Runs of the last days, today's last. */
  activity: number[];
  /** Those at work first, then the newest. */
  sweeps: { totalCount: number; nodes: SweepLine[] };
  runs: { totalCount: number };
}

export interface ListOrder {
  field: string;
  direction: "asc" | "desc";
}

export interface ProjectFilter {
  field?: "name" | "entity" | "description";
  op?: "contains";
  value?: string;
  or?: ProjectFilter[];
}

export const ProjectsPage = toDocument<
  {
    viewer: Viewer | null;
    all: { totalCount: number };
    projects: { totalCount: number; nodes: ProjectLine[]; pageInfo: PageInfo };
  },
  { first: number; filter: ProjectFilter | null; orderBy: readonly ListOrder[] }
>(/* GraphQL */ `
  query ProjectsPage($first: Int!, $filter: ProjectFilter, $orderBy: [ProjectOrder!]!) {
    viewer { name entity { name } }
    all: projects(first: 1) { totalCount }
    projects(first: $first, filter: $filter, orderBy: $orderBy) {
      totalCount
      nodes {
        id name description entity { name } createdAt activeAt activity
        sweeps(first: 3, orderBy: [{field: state, direction: desc}, {field: createdAt, direction: desc}]) {
          totalCount
          nodes { ...SweepLine }
        }
        runs(first: 1) { totalCount }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
  ${SWEEP_LINE}
`);

// ------------------------------------------------------------------ one project

/** A run in the project's table. */
export interface ProjectRun extends RunLine {
  sweep: { id: string; name: string; metric: { name: string } | null } | null;
}

export interface SweepFilter {
  field?: "name" | "id" | "state";
  op?: "contains" | "eq";
  value?: string;
  or?: readonly SweepFilter[];
  and?: readonly SweepFilter[];
}

export const ProjectPage = toDocument<
  {
    viewer: Viewer | null;
    project: {
      id: string;
      name: string;
      description: string | null;
      entity: { name: string };
      viewerCanEdit: boolean;
      /** With the newest, which a page without runs says how to work on. */
      allSweeps: { totalCount: number; nodes: { agentCommand: string }[] };
      allRuns: { totalCount: number };
      sweeps?: { totalCount: number; nodes: SweepLine[]; pageInfo: PageInfo };
      runs?: { totalCount: number; nodes: ProjectRun[]; pageInfo: PageInfo };
    } | null;
  },
  {
    entity: string;
    name: string;
    first: number;
    withSweeps: boolean;
    withRuns: boolean;
    sweepFilter: SweepFilter | null;
    sweepOrder: readonly ListOrder[];
    runFilter: RunFilter | null;
    runOrder: readonly RunOrder[];
  }
>(/* GraphQL */ `
  query ProjectPage(
    $entity: String!, $name: String!, $first: Int!, $withSweeps: Boolean!, $withRuns: Boolean!,
    $sweepFilter: SweepFilter, $sweepOrder: [SweepOrder!]!, $runFilter: RunFilter, $runOrder: [RunOrder!]!
  ) {
    viewer { name entity { name } }
    project(entity: $entity, name: $name) {
      id name description entity { name } viewerCanEdit
      allSweeps: sweeps(first: 1) { totalCount nodes { agentCommand } }
      allRuns: runs(first: 1) { totalCount }
      sweeps(first: $first, filter: $sweepFilter, orderBy: $sweepOrder) @include(if: $withSweeps) {
        totalCount
        nodes { ...SweepLine }
        pageInfo { hasNextPage endCursor }
      }
      runs(first: $first, filter: $runFilter, orderBy: $runOrder) @include(if: $withRuns) {
        totalCount
        nodes { ...RunLine sweep { id name metric { name } } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
  ${SWEEP_LINE}
  ${RUN_LINE}
`);

/** The agents of the newest sweeps, as many as the API answers at once: those that work, and those that were lost. */
export const ProjectAgents = toDocument<
  {
    viewer: Viewer | null;
    project: {
      id: string;
      name: string;
      description: string | null;
      entity: { name: string };
      viewerCanEdit: boolean;
      allSweeps: { totalCount: number };
      allRuns: { totalCount: number };
      sweeps: {
        totalCount: number;
        nodes: { id: string; name: string; workerCommand: string; agents: AgentLine[] }[];
      };
    } | null;
  },
  { entity: string; name: string }
>(/* GraphQL */ `
  query ProjectAgents($entity: String!, $name: String!) {
    viewer { name entity { name } }
    project(entity: $entity, name: $name) {
      id name description entity { name } viewerCanEdit
      allSweeps: sweeps(first: 1) { totalCount }
      allRuns: runs(first: 1) { totalCount }
      sweeps(first: 20) { totalCount nodes { id name workerCommand agents(state: [alive, lost]) { ...AgentLine } } }
    }
  }
  ${AGENT_LINE}
`);

/** Only that something changed: the server draws the list anew, as it was asked for. */
export const ProjectChanged = toDocument<
  { projectChanged: { cursor: string } },
  { id: string; cursor: string | null }
>(/* GraphQL */ `
  subscription ProjectChanged($id: ID!, $cursor: String) {
    projectChanged(projectId: $id, cursor: $cursor) { cursor }
  }
`);
