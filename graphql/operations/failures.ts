import type { RunState } from "@/core/run";
import { toDocument } from "./document";
import type { OutputPiece } from "./run-page";

/** What the newest runs that did not end well printed last. */

export interface FailedRun {
  id: string;
  name: string;
  displayName: string;
  state: RunState;
  stateReason: string | null;
  stateDetail: string | null;
  exitCode: number | null;
  finishedAt: string | null;
  output: { nodes: Pick<OutputPiece, "stream" | "text" | "time" | "attempt">[] };
}

export const FailedRuns = toDocument<
  { sweep: { runs: { totalCount: number; nodes: FailedRun[] } } | null },
  { id: string }
>(/* GraphQL */ `
  query FailedRuns($id: ID!) {
    sweep(id: $id) {
      runs(
        first: 20
        filter: { field: state, op: in, value: ["failed", "crashed"] }
        orderBy: [{ field: finishedAt, direction: desc }]
      ) {
        totalCount
        nodes {
          id name displayName state stateReason stateDetail exitCode finishedAt
          output(last: 20) { nodes { stream text time attempt } }
        }
      }
    }
  }
`);
