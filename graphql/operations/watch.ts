import type { RunState } from "@/core/run";
import type { Goal, SweepState } from "@/core/sweep";
import { toDocument } from "./document";

/** What `besom watch` shows, once a second. */

export interface WatchedRun {
  displayName: string;
  state: RunState;
  /** JSON text: read it with `parseJson`. */
  params: string;
  objective: number | null;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface WatchedSweep {
  id: string;
  name: string;
  url: string;
  method: string;
  state: SweepState;
  stateReason: string | null;
  /** Points of a finite space, as text. */
  size: string | null;
  runCap: number | null;
  startedAt: string | null;
  finishedAt: string | null;
  metric: { name: string; goal: Goal } | null;
  counts: Record<RunState | "total", number>;
  bestRun: WatchedRun | null;
  agents: {
    host: string;
    slots: number;
    state: "alive" | "lost" | "exited";
    currentRuns: { id: string }[];
    runsDone: number;
    runsFailed: number;
  }[];
  running: { totalCount: number; nodes: WatchedRun[] };
  ended: { totalCount: number; nodes: WatchedRun[] };
}

const WATCHED_RUN = "displayName state params objective startedAt finishedAt";

export const WatchSweep = toDocument<
  { sweep: WatchedSweep | null },
  { id: string; rows: number }
>(/* GraphQL */ `
  query WatchSweep($id: ID!, $rows: Int!) {
    sweep(id: $id) {
      id name url method state stateReason size runCap startedAt finishedAt
      metric { name goal }
      counts { total pending running finished failed crashed killed preempting preempted }
      bestRun { ${WATCHED_RUN} }
      agents(state: [alive]) { host slots state currentRuns { id } runsDone runsFailed }
      running: runs(first: $rows, filter: { field: state, op: in, value: ["running", "preempting"] }, orderBy: [{ field: startedAt, direction: desc }]) {
        totalCount nodes { ${WATCHED_RUN} }
      }
      ended: runs(first: $rows, filter: { field: state, op: in, value: ["finished", "failed", "crashed", "killed"] }, orderBy: [{ field: finishedAt, direction: desc }]) {
        totalCount nodes { ${WATCHED_RUN} }
      }
    }
  }
`);
