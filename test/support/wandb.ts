/** W&B's client by hand: the documents that it sends, as it sends them. */
export interface WandbAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document asked for
  readonly data: any;
  readonly errors?: { message: string; extensions?: { code?: string } }[];
}

export async function postWandb(
  { url, key }: { url: string; key?: string },
  query: string,
  variables: Record<string, unknown> = {},
): Promise<WandbAnswer> {
  const response = await fetch(`${url}/wandb/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...basic(key) },
    body: JSON.stringify({ query, variables, operationName: "" }),
  });
  return { status: response.status, ...((await response.json()) as Omit<WandbAnswer, "status">) };
}

/** The data of an operation that must not fail. */
export async function askWandb(
  server: { url: string; key?: string },
  query: string,
  variables: Record<string, unknown> = {},
) {
  const { data, errors } = await postWandb(server, query, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

export const basic = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { authorization: `Basic ${Buffer.from(`api:${key}`).toString("base64")}` };

export const UPSERT_BUCKET = `mutation UpsertBucket($name: String, $project: String, $entity: String) {
  upsertBucket(input: {name: $name, modelName: $project, entityName: $entity}) {
    bucket { id name project { id name entity { id name } } } inserted } }`;

export interface WandbRun {
  readonly id: string;
  readonly entity: string;
  readonly project: string;
  readonly run: string;
}

export async function beginRun(
  server: { url: string; key?: string },
  run: string,
  project = "files",
): Promise<WandbRun> {
  const { upsertBucket } = await askWandb(server, UPSERT_BUCKET, { name: run, project });
  const { id, project: place } = upsertBucket.bucket;
  return { id, entity: place.entity.name, project: place.name, run };
}
