import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

interface RunsInput {
  runIds: readonly string[];
  clientMutationId?: string;
}

/** Ten minutes long `RestoreRuns` takes it back. */
export const DeleteRuns = toDocument<
  { deleteRuns: { runIds: string[] | null; error: Failure | null } },
  { input: RunsInput }
>(/* GraphQL */ `
  mutation DeleteRuns($input: DeleteRunsInput!) { deleteRuns(input: $input) { runIds error { ...Failure } } }
  ${FAILURE_FRAGMENT}
`);

export const RestoreRuns = toDocument<
  { restoreRuns: { runIds: string[] | null; error: Failure | null } },
  { input: RunsInput }
>(/* GraphQL */ `
  mutation RestoreRuns($input: RestoreRunsInput!) { restoreRuns(input: $input) { runIds error { ...Failure } } }
  ${FAILURE_FRAGMENT}
`);
