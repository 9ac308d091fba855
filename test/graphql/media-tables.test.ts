import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ask, send, sharedServer } from "../support/server";
import { ARTIFACTS, beginRun, logLines, uploadFile, type WireRun, wired } from "../support/wire";

/** Tables that a run logged, read row by row out of their files. */

const filesDir = mkdtempSync(join(tmpdir(), "besom-tables-"));
const server = sharedServer({ BESOM_FILES_DIR: filesDir });
afterAll(() => rmSync(filesDir, { recursive: true, force: true }));

const PICTURE = randomBytes(2_000);

// biome-ignore lint/suspicious/noExplicitAny: what a document asks for, its test knows
type Data = any;
const ofRun = async (fields: string, of: WireRun): Promise<Data> =>
  (await ask<Data>(server(), `{ run(id: "${of.id}") { ${fields} } }`)).run;

const file = (type: string, path: string, more: object = {}) => ({
  _type: type,
  path,
  sha256: "0",
  size: 1,
  ...more,
});

describe("tables", () => {
  const TABLE = `media(keys: ["t"]) { entries { items { rowCount table(ARGS) { columns rows endCursor } } } }`;
  const page = async (of: WireRun, args: string) =>
    (await ofRun(TABLE.replace("ARGS", args), of)).media[0].entries[0].items[0].table;
  const begin = async (name: string, text: string) => {
    const of = await beginRun(server(), name);
    await logLines(server(), of, 0, [
      { t: file("table-file", "media/table/t.table.json", { ncols: 2, nrows: 3 }) },
    ]);
    await uploadFile(server(), of, "media/table/t.table.json", text);
    return of;
  };

  test("are read page by page from their file, whatever is in their cells", async () => {
    const of = await begin(
      "odd cells",
      '{"columns": ["a", 1, "c]"], "data": [[1, NaN, "x, ]}\\"[{"], [1.0, -Infinity, {"k": [1, NaN]}], [null, true, "é世"]]}',
    );
    const first = await page(of, "first: 2");
    expect(first.columns).toEqual(["a", "1", "c]"]);
    expect(first.rows).toEqual([
      [1, "NaN", 'x, ]}"[{'],
      [1, "-Infinity", { k: [1, "NaN"] }],
    ]);
    const second = await page(of, `first: 2, after: "${first.endCursor}"`);
    expect(second).toEqual({ columns: first.columns, rows: [[null, true, "é世"]], endCursor: null });
  });

  test("keep the digits of integers beyond 2^53, and tell no address that their file made up", async () => {
    const of = await begin(
      "forged",
      `{"columns": ["id", "picture", "own"], "data": [[9007199254740993, {"_type": "image-file", "path": "a", "url": "http://x//elsewhere.test/"}, {"url": "kept"}], [-12345678901234567890, {"_type": "image-file", "url": "no address"}, 0]]}`,
    );
    expect((await page(of, "first: 2")).rows).toEqual([
      ["9007199254740993", { _type: "image-file", path: "a" }, { url: "kept" }],
      ["-12345678901234567890", { _type: "image-file" }, 0],
    ]);
  });

  test("of 20,000 rows, in pages that together are the table", async () => {
    const data = Array.from({ length: 20_000 }, (_, i) => [i, `row ${i} ${"x".repeat(i % 90)}`]);
    const of = await begin("long table", JSON.stringify({ columns: ["i", "text"], data }));
    const read: unknown[] = [];
    let after: string | null = null;
    let pages = 0;
    do {
      const one: Data = await page(of, `first: 1000${after === null ? "" : `, after: "${after}"`}`);
      read.push(...one.rows);
      after = one.endCursor;
      pages++;
    } while (after !== null);
    expect(read).toEqual(data);
    expect(pages).toBe(20);
  });

  test("a cursor is good for the bytes that it was made of", async () => {
    const of = await begin("changing", '{"columns": ["a"], "data": [[1], [2]]}');
    const { endCursor } = await page(of, "first: 1");
    await uploadFile(server(), of, "media/table/t.table.json", '{"columns": ["a"], "data": [[100], [200]]}');
    const { errors } = await send(
      server(),
      `{ run(id: "${of.id}") { ${TABLE.replace("ARGS", `after: "${endCursor}"`)} } }`,
    );
    expect(errors?.[0]?.extensions.code).toBe("BAD_INPUT");
  });

  test.each([
    ["no JSON at all", "no table", { columns: [], rows: [], endCursor: null }],
    ["another shape", '{"data": {"a": 1}}', { columns: [], rows: [], endCursor: null }],
    [
      "an end in the middle of a row",
      '{"columns": ["a"], "data": [[1], [2',
      { columns: ["a"], rows: [[1]], endCursor: null },
    ],
    ["rows before columns", '{"data": [[1]], "columns": ["a"]}', { rows: [[1]] }],
    ["nothing", "", { columns: [], rows: [], endCursor: null }],
  ])("%s is no failure", async (name, text, expected) => {
    expect(await page(await begin(name.replaceAll(" ", "-"), text), "first: 5")).toMatchObject(expected);
  });

  test("whose rows never end are refused, and read no further", async () => {
    const of = await begin("endless", `{"columns": ["a"], "data": [["${"x".repeat(17_000_000)}"]]}`);
    const { errors } = await send(
      server(),
      `{ run(id: "${of.id}") { ${TABLE.replace("ARGS", "first: 1")} } }`,
    );
    expect(errors?.[0]).toMatchObject({ extensions: { code: "INPUT_TOO_LARGE" } });
  });
});

describe("a table with pictures, which its client logs as an artifact too", () => {
  const md5Of = (bytes: string | Uint8Array) => createHash("md5").update(bytes).digest("base64");
  const logArtifact = async (
    of: WireRun,
    clientID: string,
    files: Readonly<Record<string, string | Uint8Array>>,
  ) => {
    const contents = Object.fromEntries(
      Object.entries(files).map(([path, bytes]) => [path, { digest: md5Of(bytes), size: bytes.length }]),
    );
    const { entity: entityName, project: projectName, run: runName } = of;
    const input = {
      ...{ entityName, projectName, runName, clientID, artifactTypeName: "run_table" },
      ...{
        artifactCollectionName: `run-${runName}-t`,
        digest: md5Of(clientID),
        enableDigestDeduplication: true,
        aliases: [],
      },
    };
    const { createArtifact } = await wired(server(), ARTIFACTS.create, { input });
    const artifactID = createArtifact.artifact.id;
    const { createArtifactFiles } = await wired(server(), ARTIFACTS.files, {
      input: {
        ...{ storageLayout: "V2", cloudRegionID: null },
        artifactFiles: Object.entries(files).map(([name, bytes]) => ({
          artifactID,
          name,
          md5: md5Of(bytes),
        })),
      },
    });
    for (const [i, bytes] of Object.values(files).entries()) {
      const { uploadUrl } = createArtifactFiles.files.edges[i].node;
      if (uploadUrl !== null) await fetch(uploadUrl, { method: "PUT", body: bytes as string });
    }
    const { createArtifactManifest } = await wired(server(), ARTIFACTS.manifest, {
      ...{
        artifactID,
        name: "wandb_manifest.json",
        digest: md5Of("manifest"),
        entityName,
        projectName,
        runName,
      },
      ...{ manifestType: "FULL", includeUpload: true },
    });
    const manifest = JSON.stringify({ version: 1, storagePolicy: "wandb-storage-policy-v1", contents });
    await fetch(createArtifactManifest.artifactManifest.file.uploadUrl, { method: "PUT", body: manifest });
    await wired(server(), ARTIFACTS.commit, { artifactID });
  };
  const TABLE = JSON.stringify({
    columns: ["id", "picture"],
    data: [
      [1, { _type: "image-file", path: "media/images/a.png", width: 4, height: 4 }],
      [2, { _type: "image-file", path: "media/images/gone.png" }],
      [3, { _type: "image-file", path: "a\u0000b" }],
    ],
  });
  const FILES = { "t.table.json": TABLE, "media/images/a.png": PICTURE };
  const pictured = (clientId: string) =>
    file("table-file", "media/table/t.table.json", {
      nrows: 3,
      artifact_path: `wandb-client-artifact://${clientId}/t.table.json`,
    });
  const read = async (of: WireRun) => {
    const { media } = await ofRun("media { entries { items { table { rows endCursor } } } }", of);
    return media[0].entries[0].items[0].table;
  };

  test("is read from there, and its cells bring their pictures", async () => {
    const of = await beginRun(server(), "pictured");
    await logLines(server(), of, 0, [{ t: pictured("client-a") }]);
    await uploadFile(
      server(),
      of,
      "media/table/t.table.json",
      '{"columns": ["id", "picture"], "data": [[1, "Image"]]}',
    );
    // Until the artifact has come the run's own file is what there is.
    expect(await read(of)).toEqual({ rows: [[1, "Image"]], endCursor: null });
    await logArtifact(of, "client-a", FILES);
    const { rows } = await read(of);
    const cells = rows.map(([, cell]: [number, Data]) => cell);
    const answer = await fetch(cells[0].url);
    expect(answer.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await answer.arrayBuffer()).equals(PICTURE)).toBe(true);
    expect(cells[1]).toEqual({ _type: "image-file", path: "media/images/gone.png" });
    expect(cells[2]).toEqual({ _type: "image-file", path: "a\u0000b" });
  });

  test("an artifact of another project is none, whatever a run says of it", async () => {
    const theirs = await beginRun(server(), "theirs", "other-project");
    await logArtifact(theirs, "client-b", FILES);
    const of = await beginRun(server(), "thief");
    await logLines(server(), of, 0, [{ t: pictured("client-b") }]);
    expect(await read(of)).toBeNull();
  });

  test("a file's name that can't be one breaks nothing", async () => {
    const of = await beginRun(server(), "odd names");
    await logLines(server(), of, 0, [
      { t: file("image-file", "a\u0000b"), u: file("image-file", "../../etc/passwd") },
    ]);
    const { media } = await ofRun("media { entries { items { path url } } }", of);
    expect(media.map(({ entries }: Data) => entries[0].items)).toEqual([
      [{ path: null, url: null }],
      [{ path: null, url: null }],
    ]);
  });
});
