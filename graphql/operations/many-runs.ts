import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

/** Up to 1,000 at once: all of them or none. */
export const StopRuns = toDocument<
  { stopRuns: { runIds: string[] | null; error: Failure | null } },
  { input: { runIds: readonly string[]; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation StopRuns($input: StopRunsInput!) { stopRuns(input: $input) { runIds error { ...Failure } } }
  ${FAILURE_FRAGMENT}
`);
