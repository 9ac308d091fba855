import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemAccess } from "@/engine/authorize";
import { deleteProject } from "@/engine/delete-project";
import { deleteRun } from "@/engine/delete-run";
import { linksBy, openLinks } from "@/engine/files/links";
import { removeLoose } from "@/engine/files/remove-loose";
import { purgeProjects } from "@/engine/purge-projects";
import { readRange } from "@/gateway/wandb/send-file";
import { openFolder } from "@/store/folder";
import { addPerson, joinProject } from "../../support/people";
import { sharedServer } from "../../support/server";
import { basic, beginRun, type WireRun, wire, wired } from "../../support/wire";

const filesDir = mkdtempSync(join(tmpdir(), "besom-files-"));
const server = sharedServer({ BESOM_FILES_DIR: filesDir, BESOM_FILES_MAX_BYTES: "1000000" });
afterAll(() => rmSync(filesDir, { recursive: true, force: true }));

let run: WireRun;
beforeAll(async () => {
  run = await beginRun(server(), "r1");
});

const CREATE = `mutation CreateRunFiles ($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: {entityName:$entity,projectName:$project,runName:$run,files:$files}) {
    runID uploadHeaders files { name uploadUrl } } }`;
const FILES = `query RunFiles($project: String!, $entity: String!, $run: String!, $fileCursor: String,
    $fileLimit: Int = 50, $fileNames: [String] = [], $upload: Boolean = false, $pattern: String) {
  project(name: $project, entityName: $entity) { internalId run(name: $run) { fileCount
    files(names: $fileNames, after: $fileCursor, first: $fileLimit, pattern: $pattern) {
      edges { node { id name url(upload: $upload) directUrl sizeBytes mimetype updatedAt md5 } cursor }
      pageInfo { endCursor hasNextPage } } } } }`;

const linksOf = async (of: WireRun, ...files: string[]): Promise<(string | null)[]> => {
  const { createRunFiles } = await wired(server(), CREATE, { ...of, files });
  expect(createRunFiles.runID).toBe(of.id);
  expect(createRunFiles.files.map((file: { name: string }) => file.name)).toEqual(files);
  return createRunFiles.files.map((file: { uploadUrl: string | null }) => file.uploadUrl);
};
/** As the client does: no credentials. */
const put = (url: string | null, body: string | Uint8Array) =>
  fetch(url ?? "", { method: "PUT", body: body as string });
const upload = async (of: WireRun, name: string, body: string | Uint8Array) => {
  const [url] = await linksOf(of, name);
  return put(url ?? null, body);
};
const list = async (
  of: WireRun,
  more: Record<string, unknown> = {},
  who: { url: string; key?: string } = server(),
) => (await wired(who, FILES, { ...of, ...more })).project?.run;
const filesOnDisk = () =>
  readdirSync(filesDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

describe("W60 to W63: a file is announced, put without credentials, and listed", () => {
  test("by its name, size, type and MD5, with addresses that give it back", async () => {
    const body = randomBytes(70_000);
    expect((await upload(run, "media/images/a_0_1.png", body)).status).toBe(200);
    const { fileCount, files } = await list(run);
    expect(fileCount).toBe(1);
    const [{ node, cursor }] = files.edges;
    expect(node).toMatchObject({ name: "media/images/a_0_1.png", sizeBytes: 70_000, mimetype: "image/png" });
    expect(node.md5).toBe(createHash("md5").update(body).digest("base64"));
    expect(cursor).toBe(node.name);
    for (const [url, headers] of [
      [node.url, basic(server().key)],
      [node.directUrl, {}],
    ] as const) {
      const answer = await fetch(url, { headers });
      expect(answer.status).toBe(200);
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    }
  });

  test("sent again it is the later one, and the earlier one's bytes go", async () => {
    await upload(run, "output.log", "first");
    const before = filesOnDisk();
    await upload(run, "output.log", "second");
    const store = await openFolder(filesDir);
    await removeLoose(server().db, store);
    expect(filesOnDisk()).toBe(before);
    const { files } = await list(run, { fileNames: ["output.log"] });
    expect(await (await fetch(files.edges[0].node.directUrl)).text()).toBe("second");
  });

  test("an empty file is a file", async () => {
    expect((await upload(run, "empty.txt", "")).status).toBe(200);
    const { files } = await list(run, { fileNames: ["empty.txt"] });
    expect(files.edges[0].node).toMatchObject({ sizeBytes: 0 });
    expect((await fetch(files.edges[0].node.directUrl)).status).toBe(200);
  });

  test("that a client says so changes nothing, and is no mistake", async () => {
    const mark = `mutation MarkRunFilesUploaded ($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
      markRunFilesUploaded(input: {entityName:$entity,projectName:$project,runName:$run,files:$files}) { success } }`;
    expect(await wired(server(), mark, { ...run, files: ["never.txt"] })).toEqual({
      markRunFilesUploaded: { success: true },
    });
    const stream = await fetch(`${server().url}/wandb/files/${run.entity}/${run.project}/r1/file_stream`, {
      method: "POST",
      headers: { "content-type": "application/json", ...basic(server().key) },
      body: JSON.stringify({ uploaded: ["empty.txt", "never.txt"] }),
    });
    expect(stream.status).toBe(200);
    expect((await list(run, { fileNames: ["never.txt"] })).files.edges).toEqual([]);
  });

  test("pages follow each other by the last edge's cursor, and a pattern is LIKE's", async () => {
    const many = await beginRun(server(), "many");
    for (const name of ["b.txt", "a.txt", "c/d.json"]) await upload(many, name, name);
    const first = (await list(many, { fileLimit: 2 })).files;
    expect(first.edges.map((edge: { node: { name: string } }) => edge.node.name)).toEqual(["a.txt", "b.txt"]);
    expect(first.pageInfo).toEqual({ hasNextPage: true, endCursor: "b.txt" });
    const second = (await list(many, { fileLimit: 2, fileCursor: "b.txt" })).files;
    expect(second.edges.map((edge: { node: { name: string } }) => edge.node.name)).toEqual(["c/d.json"]);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect((await list(many, { pattern: "%.json" })).files.edges).toHaveLength(1);
  });
});

describe("W64: what is not taken leaves nothing behind", () => {
  test.each([
    "../a",
    "a/../../b",
    "/etc/passwd",
    "a//b",
    "a/./b",
    "a\\b",
    "%2e%2e/x",
    "%252e%252e/x",
    "a%2fb/%2E.",
    "a\u0000b",
    "a\nb",
    "",
    "x".repeat(1_025),
  ])("a file can't be called %j, and the others of the same call are taken", async (name) => {
    const [bad, good] = await linksOf(run, name, "good.txt");
    expect(bad).toBeNull();
    expect((await put(good ?? null, "x")).status).toBe(200);
  });

  test("more than the largest size, announced or not", async () => {
    const before = filesOnDisk();
    expect((await upload(run, "big.bin", randomBytes(1_000_001))).status).toBe(413);
    const [url] = await linksOf(run, "big.bin");
    async function* endless() {
      for (let part = 0; part < 30; part++) yield randomBytes(65_536);
    }
    const answer = await fetch(url ?? "", {
      method: "PUT",
      body: Readable.toWeb(Readable.from(endless())),
      duplex: "half",
    } as RequestInit).then(
      ({ status }) => status,
      () => 413, // the server closed the connection while bytes were on their way
    );
    expect(answer).toBe(413);
    expect((await list(run, { fileNames: ["big.bin"] })).files.edges).toEqual([]);
    expect(filesOnDisk()).toBe(before);
  });

  test("fewer bytes than were announced: the sender went away", async () => {
    const [url] = await linksOf(run, "half.bin");
    const before = filesOnDisk();
    await new Promise<void>((resolve) => {
      const sending = request(url ?? "", { method: "PUT", headers: { "content-length": "1000" } });
      sending.once("error", () => resolve()).once("close", () => resolve());
      sending.write(randomBytes(500), () => setTimeout(() => sending.destroy(), 50));
    });
    await expect.poll(filesOnDisk).toBe(before);
    expect((await list(run, { fileNames: ["half.bin"] })).files.edges).toEqual([]);
  });
});

describe("W61: a link is good for one file of one run, and a day", () => {
  test("a link that was changed, and none at all, are refused", async () => {
    const [url = ""] = await linksOf(run, "mine.txt");
    const [text = "", mac = ""] = (new URL(url ?? "").searchParams.get("t") ?? "").split(".");
    const other = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(text, "base64url").toString()), name: "theirs.txt" }),
    ).toString("base64url");
    for (const token of ["", "x", `${other}.${mac}`, `${text}.`, text, `${text}.${mac.slice(0, -2)}`])
      expect((await put(`${server().url}/wandb/bytes?t=${token}`, "x")).status).toBe(403);
    expect((await put(`${server().url}/wandb/bytes`, "x")).status).toBe(403);
  });

  test("a link to read is none to write, nor the other way round", async () => {
    const links = await openLinks(server().db);
    const file = { runId: Number(run.id), name: "output.log" };
    const address = (token: string) => `${server().url}/wandb/bytes?t=${token}`;
    expect((await put(address(links.sign({ may: "get-run-file", ...file })), "x")).status).toBe(403);
    expect((await fetch(address(links.sign({ may: "put-run-file", ...file })))).status).toBe(403);
  });

  test("one that has ended is refused, and one of another database too", () => {
    const secret = randomBytes(32);
    const link = { may: "put-run-file", runId: 1, name: "a" } as const;
    const token = linksBy(secret, () => 0).sign(link);
    expect(linksBy(secret, () => 24 * 3_600_000).read(token)).toEqual(link);
    expect(() => linksBy(secret, () => 25 * 3_600_000 + 1).read(token)).toThrow("ended");
    expect(() => linksBy(randomBytes(32), () => 0).read(token)).toThrow("not one that the server gave out");
  });

  test("a run that is deleted takes no more", async () => {
    const gone = await beginRun(server(), "gone");
    const [url] = await linksOf(gone, "late.txt");
    const { db } = server();
    await deleteRun({ db, access: systemAccess(), log: silent }, { runId: Number(gone.id) });
    expect((await put(url ?? null, "x")).status).toBe(404);
  });
});

describe("W65, W66: who may read, and what a browser makes of it", () => {
  test("a viewer reads and can't write; a stranger knows nothing of the run; whoever has no key is asked for one", async () => {
    await upload(run, "seen.txt", "seen");
    const [projectId] = await server().db.sql<
      { id: number }[]
    >`select id from projects where name = ${run.project}`;
    const viewer = await addPerson(server(), "vera");
    await joinProject(server(), projectId?.id ?? 0, viewer.userId, "viewer");
    const stranger = await addPerson(server(), "stranger");
    const url = `${server().url}/wandb/files/${run.entity}/${run.project}/r1/seen.txt`;
    expect(await (await fetch(url, { headers: basic(viewer.key) })).text()).toBe("seen");
    expect(
      (await list(run, { upload: true }, viewer)).files.edges.every(
        (edge: { node: { url: null } }) => edge.node.url === null,
      ),
    ).toBe(true);
    expect((await wire(viewer, CREATE, { ...run, files: ["a"] })).status).toBe(403);
    expect((await fetch(url, { headers: basic(stranger.key) })).status).toBe(404);
    expect((await wire(stranger, CREATE, { ...run, files: ["a"] })).status).toBe(404);
    expect(await list(run, {}, stranger)).toBeUndefined();
    expect((await fetch(url)).status).toBe(401);
    const remove = "mutation d($files: [ID!]!) { deleteFiles(input: {files: $files}) { success } }";
    const { files } = await list(run, { fileNames: ["./seen.txt"] });
    expect((await wire(viewer, remove, { files: [files.edges[0].node.id] })).status).toBe(403);
    expect((await wire(stranger, remove, { files: [files.edges[0].node.id] })).status).toBe(404);
  });

  test.each([
    ["page.html", "text/html", "attachment"],
    ["picture.svg", "image/svg+xml", "attachment"],
    ["paper.pdf", "application/pdf", "attachment"],
    ["what.xyz", "application/octet-stream", "attachment"],
    ["photo.png", "image/png", "inline"],
    ["notes.txt", "text/plain; charset=utf-8", "inline"],
  ])("%s is %s and comes as %s, in a sandbox", async (name, type, disposition) => {
    await upload(run, `dir/${name}`, "<script>alert(1)</script>");
    const { files } = await list(run, { fileNames: [`dir/${name}`] });
    const { headers } = await fetch(files.edges[0].node.directUrl);
    expect(headers.get("content-type")).toBe(type);
    expect(headers.get("content-disposition")).toBe(`${disposition}; filename*=UTF-8''${name}`);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; sandbox; frame-ancestors 'none'",
    );
  });

  test("a name with quotes, spaces and signs of any script stays in its header", async () => {
    const name = "a\"b'c d;é世.txt";
    await upload(run, name, "x");
    const url = `${server().url}/wandb/files/${run.entity}/${run.project}/r1/${encodeURIComponent(name)}`;
    const { headers } = await fetch(url, { headers: basic(server().key) });
    expect(headers.get("content-disposition")).toBe(
      "inline; filename*=UTF-8''a%22b%27c%20d%3B%C3%A9%E4%B8%96.txt",
    );
  });

  test("ranges, tags and heads", async () => {
    await upload(run, "digits.txt", "0123456789");
    const url = `${server().url}/wandb/files/${run.entity}/${run.project}/r1/digits.txt`;
    const get = (headers: Record<string, string>, method = "GET") =>
      fetch(url, { method, headers: { ...basic(server().key), ...headers } });
    const whole = await get({});
    const etag = whole.headers.get("etag") ?? "";
    expect(etag).toBe(`"${createHash("md5").update("0123456789").digest("hex")}"`);
    expect((await get({ "if-none-match": etag })).status).toBe(304);
    const part = await get({ range: "bytes=2-4" });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    expect(await (await get({ range: "bytes=-3" })).text()).toBe("789");
    expect((await get({ range: "bytes=10-" })).status).toBe(416);
    expect(await (await get({ range: "bytes=2-4", "if-range": '"other"' })).text()).toBe("0123456789");
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
  });

  test.each([
    ["bytes=0-0", { from: 0, to: 0 }],
    ["bytes=5-", { from: 5, to: 9 }],
    ["bytes=5-100", { from: 5, to: 9 }],
    ["bytes=-100", { from: 0, to: 9 }],
    ["bytes=-0", "none"],
    ["bytes=10-11", "none"],
    ["bytes=4-3", undefined],
    ["bytes=0-1,3-4", undefined],
    ["lines=0-1", undefined],
    ["bytes=-", undefined],
  ])("%s of ten bytes is %j", (text, expected) => {
    expect(readRange(text, 10)).toEqual(expected);
  });
});

describe("W68: what is deleted takes its bytes along", () => {
  test("a file by its number", async () => {
    await upload(run, "away.txt", "away");
    const { files } = await list(run, { fileNames: ["away.txt"] });
    const [{ node }] = files.edges;
    await wired(
      server(),
      "mutation d($files: [ID!]!, $projectId: Int) { deleteFiles(input: {files: $files, projectId: $projectId}) { success } }",
      {
        files: [node.id],
      },
    );
    expect((await fetch(node.directUrl)).status).toBe(404);
  });

  test("a deleted run when it can't be restored any more; a deleted project at once; a server that dies in the middle is made up for", async () => {
    const { db } = server();
    const store = await openFolder(filesDir);
    const context = { db, access: systemAccess(), log: silent };
    await removeLoose(db, store);
    const before = filesOnDisk();
    const [one, two] = [await beginRun(server(), "one", "doomed"), await beginRun(server(), "two", "doomed")];
    await upload(one, "a.txt", "a");
    await upload(two, "b.txt", "b");
    await deleteRun(context, { runId: Number(one.id) });
    await removeLoose(db, store);
    expect(filesOnDisk()).toBe(before + 2);
    await db.sql`update run_files set leaves_at = now() - interval '1 s' where run_id = ${one.id}`;
    const broken = { ...store, remove: () => Promise.reject(new Error("the server is killed")) };
    await expect(removeLoose(db, broken)).rejects.toThrow("killed");
    expect(filesOnDisk()).toBe(before + 2);
    await db.sql`update loose_bytes set due_at = now() - interval '1 s' where due_at < now() + interval '1 hour'`;
    await removeLoose(db, store);
    expect(filesOnDisk()).toBe(before + 1);
    const [project] = await db.sql<{ id: number }[]>`select id from projects where name = 'doomed'`;
    await deleteProject(context, { projectId: project?.id ?? 0, confirm: "doomed" });
    await purgeProjects(db, silent, { afterMs: 0 });
    await removeLoose(db, store);
    expect(filesOnDisk()).toBe(before);
    expect(await db.sql`select from loose_bytes where due_at < now()`).toHaveLength(0);
  });
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };
