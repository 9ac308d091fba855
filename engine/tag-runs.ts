import { AppError } from "@/core/errors";
import { lockRuns } from "@/db/queries/many-runs";
import { changeTags, findOvertagged, touchRuns } from "@/db/queries/tags";
import { badInput, checkMutationId, checkText } from "./check";
import type { EngineContext } from "./context";
import { authorizeRuns, checkRunIds, emitRuns, refuseMissing } from "./many-runs";
import { once } from "./once";

export interface TagRunsInput {
  readonly runIds: readonly number[];
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly clientMutationId?: string | undefined;
}

export const MAX_CHANGES = 50;
export const MAX_TAGS = 100;
const MAX_TAG = 128;

/**
 * Puts words on runs and takes them off: all runs or none. A run's own key may tag its run.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN
 */
export async function tagRuns(context: EngineContext, input: TagRunsInput): Promise<{ runIds: number[] }> {
  const runIds = checkRunIds(input.runIds);
  const add = checkTags("add", input.add);
  const remove = checkTags("remove", input.remove);
  const both = add.find((tag) => remove.includes(tag));
  if (both !== undefined) throw badInput("remove", both, "tags that are not added as well");
  const clientMutationId = checkMutationId(input.clientMutationId);
  const runs = await authorizeRuns(context, runIds, { ownToo: true });
  const mutation = { verb: "tagRuns", input: { runIds, add, remove }, clientMutationId };
  const { answer, repeated } = await once(context, mutation, async (tx) => {
    refuseMissing(runIds, await lockRuns(tx, runIds));
    const changed = await changeTags(tx, { runIds, add, remove });
    const over = add.length === 0 ? undefined : await findOvertagged(tx, { runIds, max: MAX_TAGS });
    if (over !== undefined) {
      throw new AppError(
        "BAD_INPUT",
        `run ${over.runId} would have ${over.count} tags, at most ${MAX_TAGS} are kept: nothing was done`,
        { details: over },
      );
    }
    await touchRuns(tx, changed);
    return { runIds };
  });
  if (!repeated) emitRuns(runs);
  return answer;
}

/** Each once, sorted. */
function checkTags(name: string, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_CHANGES)
    throw badInput(name, value, `a list of at most ${MAX_CHANGES} tags`);
  return [...new Set(value.map((tag, i) => checkTag(`${name}[${i}]`, tag)))].sort();
}

function checkTag(name: string, value: unknown): string {
  const tag = checkText(name, value, MAX_TAG);
  if (tag.trim() === tag && !/\p{Cc}/u.test(tag)) return tag;
  throw badInput(name, value, "text without control characters, and without spaces at its ends");
}
