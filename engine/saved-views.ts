import { AppError } from "@/core/errors";
import { getViews, removeView, writeView } from "@/db/queries/saved-views";
import { retrying } from "@/db/transaction";
import { authorizeProject, requireUser } from "./authorize";
import { badInput, checkId, checkMutationId, checkSweepId, checkText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { once, recallOr } from "./once";

/** A sweep's page, or else a project's, as somebody wants to find it again. */
export interface SaveViewInput {
  readonly sweepId?: string | undefined;
  readonly projectId?: number | undefined;
  readonly name: string;
  /** What stands in the address behind `?`. */
  readonly search: string;
  readonly clientMutationId?: string | undefined;
}

const MAX_NAME = 100;
const MAX_SEARCH = 8_000;
/** Of one page; a menu is not read beyond that. */
const MAX_VIEWS = 200;

/**
 * Keeps the view of a page under a name, for all who see it; a view of that name is replaced.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN, INPUT_TOO_LARGE for too many
 */
export async function saveView(context: EngineContext, input: SaveViewInput): Promise<{ viewId: number }> {
  const { userId } = requireUser(context.access);
  const name = checkText("name", input.name, MAX_NAME).trim();
  if (name === "" || /\p{Cc}/u.test(name)) throw badInput("name", input.name, "a name on one line");
  // The page as it is without any setting is a view too.
  const search = input.search === "" ? "" : checkText("search", input.search, MAX_SEARCH).replace(/^\?/, "");
  const clientMutationId = checkMutationId(input.clientMutationId);
  const { projectId, sweepId } = await placeOf(context, input);
  await authorizeProject(context, projectId, "member");
  const asked = { projectId, sweepId, name, search };
  const { answer, repeated } = await once(
    context,
    { verb: "saveView", input: asked, clientMutationId },
    async (tx) => {
      const viewId = await writeView(tx, { ...asked, userId }, MAX_VIEWS);
      if (viewId === undefined)
        throw new AppError(
          "INPUT_TOO_LARGE",
          `this page has ${MAX_VIEWS} saved views, which is the most: delete one, or save under the name of one`,
          { details: { max: MAX_VIEWS } },
        );
      return { viewId };
    },
  );
  if (!repeated && sweepId !== null) emitChange(projectId, sweepId, null, "sweep");
  return answer;
}

/** @throws AppError NOT_FOUND (also when it was deleted before), FORBIDDEN */
export async function deleteView(
  context: EngineContext,
  input: { readonly viewId: number; readonly clientMutationId?: string | undefined },
): Promise<{ viewId: number }> {
  const { db, access } = context;
  requireUser(access);
  const viewId = checkId("viewId", input.viewId);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const mutation = { verb: "deleteView", input: { viewId }, clientMutationId };
  return recallOr(context, mutation, async () => {
    const [view] = await retrying(() => getViews(db, access, [viewId]));
    if (view === undefined) throw unknownView(viewId);
    await authorizeProject(context, view.projectId, "member", () => unknownView(viewId));
    const { answer, repeated } = await once(context, mutation, async (tx) => {
      if (!(await removeView(tx, view))) throw unknownView(viewId);
      return { viewId };
    });
    if (!repeated && view.sweepId !== null) emitChange(view.projectId, view.sweepId, null, "sweep");
    return answer;
  });
}

async function placeOf(
  { db }: EngineContext,
  { sweepId, projectId }: SaveViewInput,
): Promise<{ projectId: number; sweepId: string | null }> {
  if ((sweepId === undefined) === (projectId === undefined))
    throw badInput("sweepId", sweepId, "either sweepId or projectId");
  if (sweepId === undefined) return { projectId: checkId("projectId", projectId), sweepId: null };
  const sweep = await sweepFacts(db, checkSweepId(sweepId));
  return { projectId: sweep.projectId, sweepId: sweep.sweepId };
}

const unknownView = (viewId: number): AppError =>
  new AppError("NOT_FOUND", `view ${viewId} is unknown`, { details: { viewId } });
