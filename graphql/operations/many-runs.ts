import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

/** Verbs on up to 1,000 runs at once: all of them or none. */
interface Input extends Record<string, unknown> {
  input: { runIds: string[]; clientMutationId?: string };
}

export const StopRuns = toDocument<
  { done: { runIds: string[] | null; error: Failure | null } },
  Input
>(/* GraphQL */ `
  mutation StopRuns($input: StopRunsInput!) {
    done: stopRuns(input: $input) { runIds error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);

export const DeleteRuns = toDocument<
  { done: { runIds: string[] | null; error: Failure | null } },
  Input
>(/* GraphQL */ `
  mutation DeleteRuns($input: DeleteRunsInput!) {
    done: deleteRuns(input: $input) { runIds error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);
