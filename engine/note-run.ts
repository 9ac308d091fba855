import { lockRuns } from "@/db/queries/many-runs";
import { renameRunTo, touchRuns, writeNote } from "@/db/queries/tags";
import { checkId, checkMutationId, checkText } from "./check";
import type { EngineContext } from "./context";
import { authorizeRuns, emitRuns, refuseMissing } from "./many-runs";
import { once } from "./once";

const MAX_NOTE = 20_000;

interface About {
  readonly runId: number;
  readonly clientMutationId?: string | undefined;
}

/** What people write about a run; empty text takes it away. @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN */
export async function noteRun(
  context: EngineContext,
  { runId, text, clientMutationId }: About & { readonly text: string },
): Promise<{ runId: number }> {
  const note = text === "" ? null : checkText("text", text, MAX_NOTE);
  const userId = context.access.kind === "user" ? context.access.userId : null;
  return change(context, { runId, clientMutationId }, "noteRun", { text }, async (tx, id) => {
    await writeNote(tx, { runId: id, text: note, userId });
    await touchRuns(tx, [id]);
  });
}

/** What people call a run; its name in paths stays. @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN */
export async function renameRun(
  context: EngineContext,
  { runId, clientMutationId, ...input }: About & { readonly displayName: string },
): Promise<{ runId: number }> {
  const displayName = checkText("displayName", input.displayName, 500);
  return change(context, { runId, clientMutationId }, "renameRun", { displayName }, (tx, id) =>
    renameRunTo(tx, { runId: id, displayName }),
  );
}

async function change(
  context: EngineContext,
  about: About,
  verb: string,
  input: object,
  write: (tx: Parameters<typeof writeNote>[0], runId: number) => Promise<void>,
): Promise<{ runId: number }> {
  const runId = checkId("runId", about.runId);
  const runs = await authorizeRuns(context, [runId], { ownToo: true });
  const mutation = {
    verb,
    input: { runId, ...input },
    clientMutationId: checkMutationId(about.clientMutationId),
  };
  const { answer, repeated } = await once(context, mutation, async (tx) => {
    refuseMissing([runId], await lockRuns(tx, [runId]));
    await write(tx, runId);
    return { runId };
  });
  if (!repeated) emitRuns(runs);
  return answer;
}
