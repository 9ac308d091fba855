import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

/** A page's search string under a name. */
export interface SavedView {
  id: string;
  name: string;
  /** What stands in the address behind `?`. */
  search: string;
  updatedAt: string;
  /** Who saved it last. */
  savedBy: { name: string; displayName: string | null } | null;
}

export const SAVED_VIEW = /* GraphQL */ `
  fragment SavedView on SavedView { id name search updatedAt savedBy { name displayName } }
`;

/** By name, of a sweep's page. A sweep's subscription says nothing of them: ask again when the menu opens. */
export const SweepViews = toDocument<{ sweep: { views: SavedView[] } | null }, { id: string }>(/* GraphQL */ `
  query SweepViews($id: ID!) { sweep(id: $id) { views { ...SavedView } } }
  ${SAVED_VIEW}
`);

/** Of a project's page. */
export const ProjectViews = toDocument<
  { project: { views: SavedView[] } | null },
  { entity: string; name: string }
>(/* GraphQL */ `
  query ProjectViews($entity: String!, $name: String!) {
    project(entity: $entity, name: $name) { views { ...SavedView } }
  }
  ${SAVED_VIEW}
`);

/** Of a sweep's page (`sweepId`) or a project's (`projectId`). A view of the same name is replaced. */
export const SaveView = toDocument<
  { saveView: { view: SavedView | null; error: Failure | null } },
  {
    input: {
      sweepId?: string;
      projectId?: string;
      name: string;
      search: string;
      clientMutationId?: string;
    };
  }
>(/* GraphQL */ `
  mutation SaveView($input: SaveViewInput!) {
    saveView(input: $input) { view { ...SavedView } error { ...Failure } }
  }
  ${SAVED_VIEW}
  ${FAILURE_FRAGMENT}
`);

export const DeleteView = toDocument<
  { deleteView: { viewId: string | null; error: Failure | null } },
  { input: { viewId: string; clientMutationId?: string } }
>(/* GraphQL */ `
  mutation DeleteView($input: DeleteViewInput!) { deleteView(input: $input) { viewId error { ...Failure } } }
  ${FAILURE_FRAGMENT}
`);
