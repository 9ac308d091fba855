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
    project: { id: string; name: string; entity: { name: string }; viewerCanEdit: boolean } | null;
  },
  { entity: string; name: string }
>(/* GraphQL */ `
  query NewSweepPage($entity: String!, $name: String!) {
    viewer { name entity { name } }
    project(entity: $entity, name: $name) { id name entity { name } viewerCanEdit }
  }
`);

/** The file of a sweep, to begin another one with. */
export const SweepSource = toDocument<
  { sweep: { name: string; source: string } | null },
  { id: string }
>(/* GraphQL */ `
  query SweepSource($id: ID!) { sweep(id: $id) { name source } }
`);
