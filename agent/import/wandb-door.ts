import { createReadStream } from "node:fs";
import { request } from "undici";
import { pause, toDelayMs } from "@/client/backoff";
import { TRANSIENT, toAppError } from "@/client/client";
import { type Answer, openTransport, unreachable } from "@/client/transport";
import { AppError, isAppError } from "@/core/errors";
import { isValueMap, parseJson, toValueMap, type ValueMap } from "@/core/value";
import { isFileError } from "./file-error";
import { STREAMS, type Stream } from "./found-run";

/** How long a server that has answered is asked again while it is away: it may be restarting, and a move of many runs takes hours. */
export const PATIENCE_MS = 120_000;
/** Before, its address may be wrong, and a person waits. */
const FIRST_PATIENCE_MS = 3_000;
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
  /** Where files of these names are put, in their order; undefined for what can't be a file's name. */
  addressesOf(path: RunPath & { entity: string }, names: readonly string[]): Promise<(string | undefined)[]>;
  /** @throws AppError INPUT_TOO_LARGE and the like, where the server does not take it */
  put(address: string, file: { path: string; bytes: number }): Promise<void>;
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
const FILES = `mutation CreateRunFiles($input: CreateRunFilesInput!) {
  createRunFiles(input: $input) { files { uploadUrl } }
}`;

export function openWandbDoor(options: { url: string; key: string; userAgent: string }): WandbDoor {
  const transport = openTransport(options);
  const { url } = options;
  let hasAnswered = false;

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
    async addressesOf({ entity, project, name }, files) {
      const { createRunFiles } = await ask<{ createRunFiles: { files: { uploadUrl: string | null }[] } }>(
        FILES,
        { input: { entityName: entity, projectName: project, runName: name, files } },
      );
      return createRunFiles.files.map(({ uploadUrl }) => uploadUrl ?? undefined);
    },
    async put(address, file) {
      // At the address by which we reach the server: the one that browsers use may lead nowhere from here.
      await untilTaken(PATIENCE_MS, () => putFile(url, `${url}/wandb/bytes${new URL(address).search}`, file));
    },
    close: () => transport.close(),
  };

  async function ask<T>(query: string, variables: object): Promise<T> {
    return (await post("/wandb/graphql", { query, variables })).data as T;
  }

  async function post(path: string, content: object): Promise<{ data?: unknown }> {
    const body = JSON.stringify(content);
    const patienceMs = hasAnswered ? PATIENCE_MS : FIRST_PATIENCE_MS;
    const answer = await untilTaken(patienceMs, async () =>
      readAnswer(url, await transport.post(body, { path, timeoutMs: REQUEST_MS })),
    );
    hasAnswered = true;
    return answer;
  }
}

/** Asks again while it may be over when it is tried again. */
async function untilTaken<T>(patienceMs: number, ask: () => Promise<T | Trouble>): Promise<T> {
  const startMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    const outcome = await ask().catch((error: unknown): Trouble => {
      if (!isAppError(error) || !TRANSIENT.has(error.code)) throw error;
      return new Trouble(error, undefined);
    });
    if (!(outcome instanceof Trouble)) return outcome;
    const delayMs = outcome.retryAfterMs ?? toDelayMs(attempt);
    if (performance.now() - startMs + delayMs > patienceMs) throw outcome.error;
    await pause(delayMs);
  }
}

class Trouble {
  constructor(
    readonly error: AppError,
    readonly retryAfterMs: number | undefined,
  ) {}
}

async function putFile(url: string, address: string, { path, bytes }: { path: string; bytes: number }) {
  // As many bytes as are announced, also of a file that somebody still writes to.
  const body = bytes === 0 ? "" : createReadStream(path, { end: bytes - 1 });
  try {
    const answer = await request(address, {
      method: "PUT",
      headers: { "content-length": String(bytes) },
      body,
    });
    const text = await answer.body.text();
    return readAnswer(url, { status: answer.statusCode, body: text || "{}" });
  } catch (error) {
    throw isAppError(error) || isFileError(error) ? error : unreachable(url, error);
  }
}

/** @throws AppError what was refused; of a code in `TRANSIENT` where it may be asked again */
function readAnswer(url: string, { status, body, retryAfterMs }: Answer): { data?: unknown } | Trouble {
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
  if (TRANSIENT.has(trouble.code)) return new Trouble(trouble, retryAfterMs);
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
