import type { RunState } from "@/core/run";
import type { RunFilter } from "@/core/run-filter";
import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";
import type { Viewer } from "./pages";

/** What the page with the editor of sweep files asks. */

export interface PreviewRun {
  /** JSON text: read it with `parseJson`. */
  params: string;
  displayName: string | null;
}

export interface Preview {
  /** Decimal text; null when the sweep has no end. */
  size: string | null;
  /** The runs are the sweep's first ones; else examples. */
  exact: boolean;
  runs: PreviewRun[];
  error: Failure | null;
}

export const PreviewSweep = toDocument<
  { previewSweep: Preview },
  { source: string; count: number }
>(/* GraphQL */ `
  query PreviewSweep($source: String!, $count: Int!) {
    previewSweep(source: $source, count: $count) {
      size exact
      runs { params displayName }
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

export const NewSweepPage = toDocument<
  {
    viewer: Viewer | null;
    project: {
      id: string;
      name: string;
      entity: { name: string };
      viewerCanEdit: boolean;
      /** A file made from what its runs used; null where none has parameters. */
      guess: { source: string; runs: number } | null;
    } | null;
  },
  { entity: string; name: string }
>(/* GraphQL */ `
  query NewSweepPage($entity: String!, $name: String!) {
    viewer { name entity { name } }
    project(entity: $entity, name: $name) { id name entity { name } viewerCanEdit guess { source runs } }
  }
`);

/** The file of a sweep, to begin another one with. */
export const SweepSource = toDocument<
  { sweep: { name: string; source: string } | null },
  { id: string }
>(/* GraphQL */ `
  query SweepSource($id: ID!) { sweep(id: $id) { name source } }
`);

/** Runs that another sweep begins with. */
export interface ChosenRun {
  id: string;
  name: string;
  displayName: string;
  state: RunState;
  /** JSON text: read it with `parseJson`. */
  params: string;
}

export const ChosenRuns = toDocument<
  { project: { runs: { nodes: ChosenRun[] } } | null },
  { entity: string; name: string; first: number; filter: RunFilter }
>(/* GraphQL */ `
  query ChosenRuns($entity: String!, $name: String!, $first: Int!, $filter: RunFilter!) {
    project(entity: $entity, name: $name) {
      runs(first: $first, filter: $filter) { nodes { id name displayName state params } }
    }
  }
`);
