import { randomBytes } from "node:crypto";
import { AppError } from "@/core/errors";
import { isRunName, toShortId } from "@/core/ids";
import { stringifyJson } from "@/core/value";
import { insertLooseRun, nextRunId } from "@/db/queries/create-run";
import { requireUser } from "./authorize";
import { badInput, checkMutationId, checkParams, maybeText, show } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { once } from "./once";
import { ensurePlace, resolvePlace } from "./place";
import { deriveRunKey, hashKey } from "./run-key";
import { isUniqueViolation } from "./unique";

export interface CreateRunInput {
  readonly entity?: string | undefined;
  readonly project?: string | undefined;
  /** Unique in its project; 8 letters and digits when absent. */
  readonly name?: string | undefined;
  readonly displayName?: string | undefined;
  /** JSON text of an object. */
  readonly params?: string | undefined;
  readonly clientMutationId?: string | undefined;
}

export interface CreateRunAnswer {
  readonly runId: number;
  readonly name: string;
  readonly attempt: number;
  /** Valid for this run only. */
  readonly apiKey: string;
}

/** A run by hand, outside any sweep. It runs at once, and is crashed after SILENCE_MS without a sign of life. */
export async function createRun(context: EngineContext, input: CreateRunInput): Promise<CreateRunAnswer> {
  const { access, secret } = context;
  const { userId, keyId = null } = requireUser(access);
  if (secret === undefined) {
    throw new AppError(
      "UNAUTHENTICATED",
      "creating a run needs an API key: a browser session has none to derive its key from",
    );
  }
  const { clientMutationId, ...asked } = input;
  const name = input.name == null ? toShortId(randomBytes(32)) : checkRunName(input.name);
  const displayName = maybeText("displayName", input.displayName, 500) ?? name;
  const params = stringifyJson(checkParams(input.params ?? "{}"));
  const place = await resolvePlace(context, input);
  const mutation = { verb: "createRun", input: asked, clientMutationId: checkMutationId(clientMutationId) };
  try {
    const { answer, repeated } = await once(context, mutation, async (tx) => {
      const projectId = await ensurePlace(tx, place);
      const id = await nextRunId(tx);
      const keyHash = hashKey(deriveRunKey(secret, id, 1));
      await insertLooseRun(tx, {
        id,
        projectId,
        name,
        displayName,
        params,
        keyHash,
        keyId,
        createdBy: userId,
      });
      return { projectId, runId: id, name };
    });
    if (!repeated) emitChange(answer.projectId, null, answer.runId, "run");
    return {
      runId: answer.runId,
      name: answer.name,
      attempt: 1,
      apiKey: deriveRunKey(secret, answer.runId, 1),
    };
  } catch (error) {
    if (!isUniqueViolation(error) || error.constraint_name !== "runs_project_name_key") throw error;
    throw new AppError(
      "NAME_TAKEN",
      `project ${place.project} has a run named ${show(name)} already: choose another name`,
      {
        details: { name, project: place.project },
      },
    );
  }
}

function checkRunName(name: unknown): string {
  if (typeof name === "string" && isRunName(name)) return name;
  throw badInput(
    "name",
    name,
    'up to 128 letters, digits, spaces or any of "_.@:=+-", no space at either end',
  );
}
