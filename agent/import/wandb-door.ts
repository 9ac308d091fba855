import { pause, toDelayMs } from "@/client/backoff";
import { TRANSIENT, toAppError } from "@/client/client";
import { type Answer, openTransport, unreachable } from "@/client/transport";
import { AppError, isAppError } from "@/core/errors";
import { isValueMap, parseJson, toValueMap, type ValueMap } from "@/core/value";
import { STREAMS, type Stream } from "./found-run";

/** How long a server that is away is asked again: it may be restarting, and a move of many runs takes hours. */
const PATIENCE_MS = 120_000;
const REQUEST_MS = 60_000;

/** Which run: an entity that is absent is the caller's own. */
export interface RunPath {
  readonly entity: string | undefined;
  readonly project: string;
  readonly name: string;
}

/** A run as the server has it. */
export interface RunThere {
  /** Its number as text. */
  readonly id: string;
  readonly entity: string;
  readonly state: string;
  /** `{name: {value}}`. */
  readonly config: ValueMap;
  /** The last value of each metric, with what a client says over it. */
  readonly summary: ValueMap;
  /** Lines that were taken. */
  readonly lines: Readonly<Record<Stream, number>>;
}

/** What is said of a run; what is absent stays as it was. */
export interface RunRecordInput {
  readonly displayName?: string | undefined;
  readonly groupName?: string | undefined;
  readonly jobType?: string | undefined;
  readonly notes?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** JSON texts. */
  readonly config?: string | undefined;
  readonly summaryMetrics?: string | undefined;
  readonly commit?: string | undefined;
  readonly jobRepo?: string | undefined;
  /** Either begins another attempt of a run that is over. */
  readonly host?: string | undefined;
  readonly jobProgram?: string | undefined;
}

/**
 * The server's door for W&B's clients, by which runs come in as such a client would send them: it knows how their lines are numbered, joined and
 * repeated. A server that is away is asked again.
 */
export interface WandbDoor {
  find(path: RunPath): Promise<RunThere | undefined>;
  record(path: RunPath, input: RunRecordInput): Promise<RunThere>;
  /** @param from number of the first line; what was taken before is not taken again */
  send(
    path: RunPath & { entity: string },
    stream: Stream,
    from: number,
    lines: readonly string[],
  ): Promise<void>;
  close(): Promise<void>;
}

const FIELDS =
  "id state config summaryMetrics historyLineCount logLineCount eventsLineCount project { entityName }";
const FIND = `query Run($entity: String, $project: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { ${FIELDS} } }
}`;
const RECORD = `mutation UpsertBucket($input: UpsertBucketInput!) {
  upsertBucket(input: $input) { bucket { ${FIELDS} } }
}`;

export function openWandbDoor(options: { url: string; key: string; userAgent: string }): WandbDoor {
  const transport = openTransport(options);
  const { url } = options;

  return {
    async find({ entity, project, name }) {
      const { project: found } = await ask<{ project: { run: Bucket | null } | null }>(FIND, {
        ...{ entity, project, name },
      });
      return found?.run ? toRun(found.run) : undefined;
    },
    async record({ entity, project, name }, input) {
      const { upsertBucket } = await ask<{ upsertBucket: { bucket: Bucket } }>(RECORD, {
        input: { ...input, name, entityName: entity, modelName: project },
      });
      return toRun(upsertBucket.bucket);
    },
    async send({ entity, project, name }, stream, from, lines) {
      const place = [entity, project, name].map(encodeURIComponent).join("/");
      const body = { files: { [STREAMS[stream]]: { offset: from, content: lines } } };
      await post(`/wandb/files/${place}/file_stream`, body);
    },
    close: () => transport.close(),
  };

  async function ask<T>(query: string, variables: object): Promise<T> {
    return (await post("/wandb/graphql", { query, variables })).data as T;
  }

  async function post(path: string, content: object): Promise<{ data?: unknown }> {
    const body = JSON.stringify(content);
    const startMs = performance.now();
    for (let attempt = 1; ; attempt++) {
      const outcome = await tryOnce(path, body);
      if (!("trouble" in outcome)) return outcome;
      const delayMs = outcome.retryAfterMs ?? toDelayMs(attempt);
      if (performance.now() - startMs + delayMs > PATIENCE_MS) throw outcome.trouble;
      await pause(delayMs);
    }
  }

  async function tryOnce(
    path: string,
    body: string,
  ): Promise<{ data?: unknown } | { trouble: AppError; retryAfterMs?: number | undefined }> {
    try {
      const answer = await transport.post(body, { path, timeoutMs: REQUEST_MS });
      return readAnswer(url, answer);
    } catch (error) {
      if (!isAppError(error) || !TRANSIENT.has(error.code)) throw error;
      return { trouble: error };
    }
  }
}

/** @throws AppError what was refused; of a code in `TRANSIENT` where it may be asked again */
function readAnswer(url: string, { status, body, retryAfterMs }: Answer) {
  let answer: { data?: unknown; errors?: { message: string; extensions?: { code?: string } }[] };
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    if (status >= 500) throw unreachable(url, `it answered ${status}`);
    throw new AppError("BAD_USAGE", `what answers at ${url} is not a Besom server (HTTP ${status})`);
  }
  const [first] = answer.errors ?? [];
  if (first === undefined) return { data: answer.data };
  const trouble = toAppError({
    code: first.extensions?.code ?? (status >= 500 ? "INTERNAL" : "BAD_INPUT"),
    message: first.message,
    details: null,
  });
  if (TRANSIENT.has(trouble.code)) return { trouble, retryAfterMs };
  throw trouble;
}

interface Bucket {
  readonly id: string;
  readonly state: string;
  /** JSON texts. */
  readonly config: string;
  readonly summaryMetrics: string;
  readonly project: { readonly entityName: string };
  readonly historyLineCount: number;
  readonly logLineCount: number;
  readonly eventsLineCount: number;
}

function toRun(bucket: Bucket): RunThere {
  return {
    ...{ id: bucket.id, entity: bucket.project.entityName, state: bucket.state },
    ...{ config: toMap(bucket.config), summary: toMap(bucket.summaryMetrics) },
    lines: {
      history: bucket.historyLineCount,
      output: bucket.logLineCount,
      events: bucket.eventsLineCount,
    },
  };
}

function toMap(text: string): ValueMap {
  const value = parseJson(text);
  return isValueMap(value) ? value : toValueMap([]);
}
