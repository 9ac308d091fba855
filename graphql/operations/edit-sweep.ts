import type { RunFilter } from "@/core/run-filter";
import type { SweepState } from "@/core/sweep";
import type { Verb } from "./accounts";
import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";
import type { Warning } from "./sweep";

/** What is done to a sweep that is under way: another file, runs once more, runs of before. */

/** One thing that another file would change. */
export interface SweepChange {
  path: string;
  before: string | null;
  after: string | null;
  /** Null where it is refused. */
  effect: string | null;
  refusal: string | null;
}

const CHANGE = "path before after effect refusal";
const WARNING = "code message path line column";

export interface UpdatePreview {
  changes: SweepChange[];
  allowed: boolean;
  runCount: number;
  state: SweepState | null;
  /** Decimal text; null without an end. */
  sizeBefore: string | null;
  sizeAfter: string | null;
  error: Failure | null;
}

export const PreviewUpdate = toDocument<
  { previewUpdate: UpdatePreview },
  { sweepId: string; source: string | null; name: string | null }
>(/* GraphQL */ `
  query PreviewUpdate($sweepId: ID!, $source: String, $name: String) {
    previewUpdate(sweepId: $sweepId, source: $source, name: $name) {
      changes { ${CHANGE} }
      allowed runCount state sizeBefore sizeAfter
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

export const EditSweep: Verb<
  { sweepId: string; source?: string; name?: string; clientMutationId?: string },
  { sweep: { id: string; name: string; state: SweepState } | null; changes: SweepChange[] }
> = toDocument(/* GraphQL */ `
  mutation EditSweep($input: UpdateSweepInput!) {
    done: updateSweep(input: $input) {
      sweep { id name state }
      changes { ${CHANGE} }
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

/** Failed, crashed and killed runs go out once more: these, or those of a sweep (the failed and crashed ones without a filter). */
export const RetryRuns: Verb<
  { runIds?: readonly string[]; sweepId?: string; filter?: RunFilter; clientMutationId?: string },
  { runIds: string[] | null; left: number | null; resumed: { id: string; name: string }[] | null }
> = toDocument(/* GraphQL */ `
  mutation RetryRuns($input: RetryRunsInput!) {
    done: retryRuns(input: $input) {
      runIds left
      resumed { id name }
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);

/** Runs of before, by number or name, become part of what a sweep knows. */
export const AddPriorRuns: Verb<
  { sweepId: string; runIds: readonly string[]; clientMutationId?: string },
  { runIds: string[] | null; warnings: Warning[] }
> = toDocument(/* GraphQL */ `
  mutation AddPriorRuns($input: AddPriorRunsInput!) {
    done: addPriorRuns(input: $input) {
      runIds
      warnings { ${WARNING} }
      error { ...Failure }
    }
  }
  ${FAILURE_FRAGMENT}
`);
