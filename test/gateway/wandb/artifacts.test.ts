import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemAccess } from "@/engine/authorize";
import { deleteProject } from "@/engine/delete-project";
import { toEntries } from "@/engine/files/artifacts";
import { removeLoose } from "@/engine/files/remove-loose";
import { purgeProjects } from "@/engine/purge-projects";
import { openFolder } from "@/store/folder";
import { addPerson, joinProject, type Person } from "../../support/people";
import { sharedServer } from "../../support/server";
import { ARTIFACTS, beginRun, type WireRun, wire, wired } from "../../support/wire";

const filesDir = mkdtempSync(join(tmpdir(), "besom-artifacts-"));
const server = sharedServer({ BESOM_FILES_DIR: filesDir });
afterAll(() => rmSync(filesDir, { recursive: true, force: true }));

const BY_NAME = `query ArtifactMembershipByName($entity: String!, $project: String!, $name: String!) {
  project(name: $project, entityName: $entity) { artifactCollectionMembership(name: $name) { __typename versionIndex
    artifactCollection { __typename name } artifact { __typename id state size digest fileCount metadata versionIndex
      aliases { alias } artifactType { name } artifactSequence { __typename name } createdBy { __typename ... on Run { name } }
      usedBy { edges { node { name } } } currentManifest { file { directUrl } } files { totalCount edges { node { name directUrl sizeBytes } } } } } } }`;

const md5Of = (text: string) => createHash("md5").update(text).digest("base64");
const put = (url: string, body: string) => fetch(url, { method: "PUT", body });
let clients = 0;

/** What the client does for `run.log_artifact`. */
async function log(
  run: WireRun,
  name: string,
  files: Readonly<Record<string, string>>,
  more: { type?: string; aliases?: string[]; manifest?: string; skip?: string; as?: Person } = {},
) {
  const who = more.as ?? server();
  const contents = Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, { digest: md5Of(text), size: text.length }]),
  );
  const manifest =
    more.manifest ?? JSON.stringify({ version: 1, storagePolicy: "wandb-storage-policy-v1", contents });
  const digest = md5Of(JSON.stringify(contents));
  const { createArtifact } = await wired(who, ARTIFACTS.create, {
    input: {
      ...{
        entityName: run.entity,
        projectName: run.project,
        runName: run.run,
        artifactTypeName: more.type ?? "model",
      },
      ...{
        artifactCollectionName: name,
        digest,
        clientID: `client-${++clients}`,
        metadata: '{"acc":0.5,"bad":NaN}',
      },
      ...{
        enableDigestDeduplication: true,
        aliases: ["latest", ...(more.aliases ?? [])].map((alias) => ({
          alias,
          artifactCollectionName: name,
        })),
      },
    },
  });
  const { id, state } = createArtifact.artifact;
  if (state === "COMMITTED") return { id, state, uploads: 0 };
  const { createArtifactFiles } = await wired(who, ARTIFACTS.files, {
    input: {
      ...{ storageLayout: "V2", cloudRegionID: null },
      artifactFiles: Object.entries(files).map(([path, text]) => ({
        artifactID: id,
        name: path,
        md5: md5Of(text),
      })),
    },
  });
  let uploads = 0;
  for (const [index, [path, text]] of Object.entries(files).entries()) {
    const { uploadUrl } = createArtifactFiles.files.edges[index].node;
    if (uploadUrl === null || path === more.skip) continue;
    uploads++;
    expect((await put(uploadUrl, text)).status).toBe(200);
  }
  const { createArtifactManifest } = await wired(who, ARTIFACTS.manifest, {
    ...{
      artifactID: id,
      name: "wandb_manifest.json",
      digest: md5Of(manifest),
      entityName: run.entity,
      projectName: run.project,
    },
    ...{ runName: run.run, manifestType: "FULL", includeUpload: true },
  });
  expect((await put(createArtifactManifest.artifactManifest.file.uploadUrl, manifest)).status).toBe(200);
  const commit = await wire(who, ARTIFACTS.commit, { artifactID: id });
  return { id, state, uploads, commit };
}

const read = async (run: WireRun, name: string, who: { url: string; key?: string } = server()) =>
  (await wired(who, BY_NAME, { ...run, name })).project?.artifactCollectionMembership;

let run: WireRun;
beforeAll(async () => {
  run = await beginRun(server(), "logger", "artifacts");
});

describe("W71 to W75: a version is logged, numbered, named and read", () => {
  test("from its manifest to its bytes", async () => {
    await log(run, "net", { "a.txt": "alpha", "dir/b.txt": "beta!" }, { aliases: ["best"] });
    const { artifact, versionIndex, artifactCollection } = await read(run, "net:best");
    expect(versionIndex).toBe(0);
    expect(artifactCollection).toEqual({ __typename: "ArtifactSequence", name: "net" });
    expect(artifact).toMatchObject({
      state: "COMMITTED",
      size: 10,
      fileCount: 2,
      artifactType: { name: "model" },
    });
    expect(artifact.aliases).toEqual([{ alias: "best" }, { alias: "latest" }]);
    expect(artifact.createdBy).toEqual({ __typename: "Run", name: "logger" });
    expect(JSON.parse(artifact.metadata)).toMatchObject({ acc: 0.5 });
    expect(Buffer.from(artifact.id, "base64").toString("base64")).toBe(artifact.id);
    const manifest = await (await fetch(artifact.currentManifest.file.directUrl)).json();
    expect(Object.keys((manifest as { contents: object }).contents)).toEqual(["a.txt", "dir/b.txt"]);
    const texts = artifact.files.edges.map(({ node }: { node: { directUrl: string } }) =>
      fetch(node.directUrl).then((answer) => answer.text()),
    );
    expect(await Promise.all(texts)).toEqual(["alpha", "beta!"]);
  });

  test("the same content makes no new version, other content the next one, and latest is the last", async () => {
    const again = await log(run, "net", { "a.txt": "alpha", "dir/b.txt": "beta!" }, { aliases: ["again"] });
    expect(again.state).toBe("COMMITTED");
    expect((await read(run, "net:again")).versionIndex).toBe(0);
    const next = await log(run, "net", { "a.txt": "alpha", "c.txt": "gamma" });
    // What the project has is not sent again.
    expect(next.uploads).toBe(1);
    expect((await read(run, "net:latest")).versionIndex).toBe(1);
    expect((await read(run, "net:v0")).artifact.aliases).toEqual([{ alias: "again" }, { alias: "best" }]);
    expect(await read(run, "net:v7")).toBeNull();
  });

  test("committed twice it is what it is; asked for by its client's id it is known", async () => {
    const made = await log(run, "twice", { "a.txt": "once" });
    expect((await wire(server(), ARTIFACTS.commit, { artifactID: made.id })).status).toBe(200);
    expect((await read(run, "twice")).versionIndex).toBe(0);
    const mapping =
      "query ClientIDMapping ($clientID: ID!) { clientIDMapping(clientID: $clientID) { serverID } }";
    expect(await wired(server(), mapping, { clientID: `client-${clients}` })).toEqual({
      clientIDMapping: { serverID: made.id },
    });
  });

  test("a run that uses it is named", async () => {
    const user = await beginRun(server(), "user", "artifacts");
    const { artifact } = await read(run, "net:v0");
    const use =
      "mutation UseArtifact ($input: UseArtifactInput!) { useArtifact(input: $input) { artifact { id } } }";
    await wired(server(), use, {
      input: { entityName: user.entity, projectName: user.project, runName: "user", artifactID: artifact.id },
    });
    expect((await read(run, "net:v0")).artifact.usedBy.edges).toEqual([{ node: { name: "user" } }]);
  });
});

describe("W77: what is wrong is refused, and makes no version", () => {
  test("an entry that was not uploaded", async () => {
    const { commit } = await log(run, "holes", { "a.txt": "never sent" }, { skip: "a.txt" });
    expect(commit).toMatchObject({ status: 400, errors: [{ message: expect.stringContaining("a.txt") }] });
    expect(await read(run, "holes")).toBeNull();
  });

  test("bytes that are not those of their digest", async () => {
    const { createArtifact } = await wired(server(), ARTIFACTS.create, {
      input: {
        entityName: run.entity,
        projectName: run.project,
        runName: run.run,
        artifactTypeName: "model",
        artifactCollectionName: "lies",
        digest: "d",
      },
    });
    const { createArtifactFiles } = await wired(server(), ARTIFACTS.files, {
      input: {
        artifactFiles: [{ artifactID: createArtifact.artifact.id, name: "a", md5: md5Of("promised") }],
      },
    });
    expect((await put(createArtifactFiles.files.edges[0].node.uploadUrl, "other")).status).toBe(400);
  });

  test.each(["../../etc/passwd", "/etc/passwd", "a/%2e%2e/b", "a\u0000b"])(
    "a manifest with the path %j",
    async (path) => {
      const manifest = JSON.stringify({ contents: { [path]: { digest: md5Of("x"), size: 1 } } });
      const { commit } = await log(run, "paths", { x: `x${path}` }, { manifest });
      expect(commit).toMatchObject({
        status: 400,
        errors: [{ message: expect.stringContaining("no path") }],
      });
    },
  );

  test.each(["no JSON", "[]", '{"contents": []}', "null", '{"contents": {"a": null}}'])(
    "the manifest %j",
    (text) => {
      expect(() => toEntries(text)).toThrow("no manifest");
    },
  );

  test("another type for the same name, names with a slash, aliases that are numbers", async () => {
    await expect(log(run, "net", { a: "a" }, { type: "dataset" })).rejects.toThrow("of type model");
    await expect(log(run, "a/b", { a: "a" })).rejects.toThrow("can't be called");
    await expect(log(run, "named", { a: "a" }, { aliases: ["v3"] })).rejects.toThrow("v3");
  });
});

test("W78: a viewer reads and can't write; a stranger knows nothing of it", async () => {
  const [project] = await server().db.sql<{ id: number }[]>`select id from projects where name = 'artifacts'`;
  const viewer = await addPerson(server(), "vic");
  await joinProject(server(), project?.id ?? 0, viewer.userId, "viewer");
  const stranger = await addPerson(server(), "sam");
  const { artifact } = await read(run, "net:v0", viewer);
  expect(artifact.fileCount).toBe(2);
  expect(await read(run, "net:v0", stranger)).toBeUndefined();
  const byId = "query A($id: ID!) { artifact(id: $id) { id } }";
  expect(await wired(stranger, byId, { id: artifact.id })).toEqual({ artifact: null });
  await expect(log(run, "net", { a: "by a viewer" }, { as: viewer })).rejects.toThrow("role member");
  const update =
    "mutation U($input: UpdateArtifactInput!) { updateArtifact(input: $input) { artifact { id } } }";
  expect((await wire(viewer, update, { input: { artifactID: artifact.id, description: "x" } })).status).toBe(
    403,
  );
  expect(
    (await wire(stranger, update, { input: { artifactID: artifact.id, description: "x" } })).status,
  ).toBe(404);
  expect((await wire(stranger, ARTIFACTS.commit, { artifactID: artifact.id })).status).toBe(404);
});

test("W79: bytes that no version has go two days later, those that another has stay; with the project all of them", async () => {
  const { db } = server();
  const store = await openFolder(filesDir);
  const count = () =>
    readdirSync(filesDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  const doomed = await beginRun(server(), "doomed", "doomed");
  await removeLoose(db, store);
  const before = count();
  await log(doomed, "net", { shared: "shared", own: "own" });
  const second = await log(doomed, "net", { shared: "shared" });
  expect(count()).toBe(before + 4); // two files, two manifests
  const remove =
    "mutation D($input: DeleteArtifactInput!) { deleteArtifact(input: $input) { artifact { id } } }";
  const { artifact } = await read(doomed, "net:v0");
  expect((await wire(server(), remove, { input: { artifactID: second.id } })).status).toBe(400); // it is the latest
  await wired(server(), remove, { input: { artifactID: artifact.id, deleteAliases: false } });
  await removeLoose(db, store);
  expect(count()).toBe(before + 3);
  await db.sql`
    update artifact_files set wanted_at = wanted_at - interval '3 days'
    where wanted_at <> 'infinity' and project_id = (select id from projects where name = 'doomed')`;
  await removeLoose(db, store);
  expect(count()).toBe(before + 2);
  const [{ node }] = (await read(doomed, "net:latest")).artifact.files.edges;
  expect(await (await fetch(node.directUrl)).text()).toBe("shared");
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const [project] = await db.sql<{ id: number }[]>`select id from projects where name = 'doomed'`;
  await deleteProject(
    { db, access: systemAccess(), log: silent },
    { projectId: project?.id ?? 0, confirm: "doomed" },
  );
  await purgeProjects(db, silent, { afterMs: 0 });
  await removeLoose(db, store);
  expect(count()).toBe(before);
  expect((await fetch(node.directUrl)).status).toBe(404);
});
