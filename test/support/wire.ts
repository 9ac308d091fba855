import type { TestServer } from "./server";

/** The documents of wandb's client, as far as tests send them themselves. */
export const DOCUMENTS = {
  upsertSweep: `mutation UpsertSweep($id: ID, $config: String, $description: String, $entityName: String, $projectName: String,
      $controller: JSONString, $launchScheduler: JSONString, $templateVariableValues: JSONString, $scheduler: JSONString,
      $state: String, $priorRunsFilters: JSONString, $displayName: String) {
    upsertSweep(input: {id: $id, config: $config, description: $description, entityName: $entityName, projectName: $projectName,
      controller: $controller, launchScheduler: $launchScheduler, templateVariableValues: $templateVariableValues, scheduler: $scheduler,
      state: $state, priorRunsFilters: $priorRunsFilters, displayName: $displayName}) {
      sweep { id name project { id name entity { id name } } } configValidationWarnings } }`,
  sweepWithRuns: `query SweepWithRuns($entity: String, $project: String, $sweep: String!, $specs: [JSONString!]!) {
    project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { id name method state description config createdAt heartbeatAt
      updatedAt earlyStopJobRunning bestLoss controller scheduler
      runs { edges { node { name state config exitcode heartbeatAt shouldStop failed stopped running summaryMetrics sampledHistory(specs: $specs) } } } } } }`,
  createAgent: `mutation CreateAgent($host: String!, $projectName: String, $entityName: String, $sweep: String!) {
    createAgent(input: {host: $host, projectName: $projectName, entityName: $entityName, sweep: $sweep}) { agent { id } } }`,
  heartbeat: `mutation Heartbeat($id: ID!, $metrics: JSONString, $runState: JSONString) {
    agentHeartbeat(input: {id: $id, metrics: $metrics, runState: $runState}) { agent { id } commands } }`,
  upsertBucket: `mutation UpsertBucket($id: String, $name: String, $project: String, $entity: String, $groupName: String, $displayName: String,
      $notes: String, $config: JSONString, $host: String, $program: String, $jobType: String, $state: String, $sweep: String,
      $tags: [String!], $summaryMetrics: JSONString) {
    upsertBucket(input: {id: $id, name: $name, modelName: $project, entityName: $entity, groupName: $groupName, displayName: $displayName,
      notes: $notes, config: $config, host: $host, jobProgram: $program, jobType: $jobType, state: $state, sweep: $sweep, tags: $tags,
      summaryMetrics: $summaryMetrics}) {
      bucket { id name displayName description config sweepName project { id name entity { id name } } historyLineCount } inserted } }`,
  runResumeStatus: `query RunResumeStatus($project: String, $entity: String, $name: String!) {
    model(name: $project, entityName: $entity) { id name entity { id name } bucket(name: $name, missingOk: true) { id name summaryMetrics
      displayName logLineCount historyLineCount eventsLineCount historyTail eventsTail config tags notes wandbConfig(keys: ["t"]) } } }`,
} as const;

/** What the client sends for an artifact, in this order. */
export const ARTIFACTS = {
  create: `mutation CreateArtifact ($input: CreateArtifactInput!) { createArtifact(input: $input) { ... CreatedArtifact } }
  fragment CreatedArtifact on CreateArtifactPayload { artifact { id state artifactSequence { latestArtifact { id } } } }`,
  manifest: `mutation CreateArtifactManifest ($artifactID: ID!, $baseArtifactID: ID, $name: String!, $digest: String!, $entityName: String!,
    $projectName: String!, $runName: String!, $manifestType: ArtifactManifestType!, $includeUpload: Boolean!) {
  createArtifactManifest(input: {artifactID:$artifactID,baseArtifactID:$baseArtifactID,name:$name,digest:$digest,entityName:$entityName,
    projectName:$projectName,runName:$runName,type:$manifestType}) {
    artifactManifest { id file { id uploadUrl @include(if: $includeUpload) uploadHeaders @include(if: $includeUpload) } } } }`,
  files: `mutation CreateArtifactFiles ($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) {
  files { edges { node { storagePath uploadUrl uploadHeaders uploadMultipartUrls { uploadID } artifact { id } } } } } }`,
  commit: `mutation CommitArtifact ($artifactID: ID!) { commitArtifact(input: {artifactID:$artifactID}) { artifact { id digest } } }`,
} as const;

/** Whoever has no key asks without one. */
export interface Caller {
  readonly url: string;
  readonly key?: string;
}

export interface WireAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a document asks for, its test knows
  readonly data: any;
  readonly errors?: readonly { message: string; extensions?: { code: string } }[];
}

/** One operation as the client posts it: Basic credentials, and an empty name. */
export async function wire(
  { url, key }: Caller,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<WireAnswer> {
  const response = await fetch(`${url}/wandb/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...basic(key), ...headers },
    body: JSON.stringify({ query, variables, operationName: "" }),
  });
  return { status: response.status, ...((await response.json()) as Omit<WireAnswer, "status">) };
}

/** The data of an operation that must not fail. */
export async function wired(
  server: Caller,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<WireAnswer["data"]> {
  const { data, errors } = await wire(server, query, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

export async function stream(
  { url, key }: Pick<TestServer, "url" | "key">,
  path: string,
  body: object,
): Promise<{ status: number; body: { stopped?: boolean; error?: string } }> {
  const response = await fetch(`${url}/wandb/files/${path}/file_stream`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: toBasic(key) },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as { stopped?: boolean; error?: string } };
}

export const toBasic = (key: string): string => `Basic ${Buffer.from(`api:${key}`).toString("base64")}`;

/** Lines of `wandb-history.jsonl` with a value at each step. */
export const historyLines = (from: number, values: readonly unknown[], key = "loss"): string[] =>
  values.map(
    (value, i) => `{"_step":${from + i},"_timestamp":1.7e+09,"_runtime":1.5,${JSON.stringify(key)}:${value}}`,
  );

export const basic = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { authorization: toBasic(key) };

export interface WireRun {
  readonly id: string;
  readonly entity: string;
  readonly project: string;
  readonly run: string;
}

export async function beginRun(server: Caller, run: string, project = "files"): Promise<WireRun> {
  const { upsertBucket } = await wired(server, DOCUMENTS.upsertBucket, { name: run, project });
  const { id, project: place } = upsertBucket.bucket;
  return { id, entity: place.entity.name, project: place.name, run };
}

/** A file of a run: announced, and put without credentials. */
export async function uploadFile(
  server: Caller,
  { entity, project, run }: WireRun,
  name: string,
  body: string | Uint8Array,
): Promise<void> {
  const { createRunFiles } = await wired(
    server,
    `mutation CreateRunFiles ($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
      createRunFiles(input: {entityName:$entity,projectName:$project,runName:$run,files:$files}) { files { uploadUrl } } }`,
    { entity, project, run, files: [name] },
  );
  const { status } = await fetch(createRunFiles.files[0].uploadUrl, { method: "PUT", body: body as string });
  if (status !== 200) throw new Error(`the upload of ${name} was answered ${status}`);
}

/** Lines of the history, each what `wandb.log` was given at the step of its number. */
export async function logLines(
  server: Pick<TestServer, "url" | "key">,
  { entity, project, run }: WireRun,
  from: number,
  rows: readonly object[],
): Promise<void> {
  const content = rows.map((row, i) =>
    JSON.stringify({ _step: from + i, _timestamp: 1.7e9 + from + i, _runtime: from + i, ...row }),
  );
  const { status, body } = await stream(server, `${entity}/${project}/${run}`, {
    files: { "wandb-history.jsonl": { offset: from, content } },
  });
  if (status !== 200) throw new Error(`the stream was answered ${status}: ${body.error}`);
}
