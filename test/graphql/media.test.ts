import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LOOK_MS, linksBy } from "@/engine/files/links";
import { mergeAttempt } from "@/engine/merge-history";
import { LogMetrics } from "@/graphql/operations";
import { addPerson, joinProject, type Person } from "../support/people";
import { ask, send, sharedServer, withServerOn } from "../support/server";
import { withRuns } from "../support/sweeps";
import { ARTIFACTS, beginRun, logLines, uploadFile, type WireRun, wired } from "../support/wire";

/** Pictures, tables and files of a run, logged as wandb's client logs them, and read by the API. */

const filesDir = mkdtempSync(join(tmpdir(), "besom-media-"));
const server = sharedServer({ BESOM_FILES_DIR: filesDir });
afterAll(() => rmSync(filesDir, { recursive: true, force: true }));

const PICTURE = randomBytes(2_000);
let run: WireRun;
let viewer: Person;
beforeAll(async () => {
  run = await beginRun(server(), "seen");
  viewer = await addPerson(server(), "vera");
  const [project] = await server().db.sql<
    { id: number }[]
  >`select id from projects where name = ${run.project}`;
  await joinProject(server(), project?.id ?? 0, viewer.userId, "viewer");
});

// biome-ignore lint/suspicious/noExplicitAny: what a document asks for, its test knows
type Data = any;
const ofRun = async (fields: string, of = run, who: { url: string; key: string } = server()): Promise<Data> =>
  (await ask<Data>(who, `{ run(id: "${of.id}") { ${fields} } }`)).run;
const errorOf = async (fields: string, of = run) =>
  (await send(server(), `{ run(id: "${of.id}") { ${fields} } }`)).errors?.[0];
const names = (page: { nodes: { name: string }[] }) => page.nodes.map(({ name }) => name);

describe("files of a run", () => {
  beforeAll(async () => {
    for (const name of [
      "model.pt",
      "media/images/a.png",
      "media/images/b.png",
      "media/table/t.table.json",
      "世/é.txt",
    ])
      await uploadFile(server(), run, name, name.endsWith("a.png") ? PICTURE : name);
  });

  test("stand by name, with size, type and digest, and come by an address that needs no credentials", async () => {
    const { files } = await ofRun("files { totalCount nodes { name size type md5 updatedAt url } }");
    expect(files.totalCount).toBe(5);
    expect(names(files)).toEqual([
      "media/images/a.png",
      "media/images/b.png",
      "media/table/t.table.json",
      "model.pt",
      "世/é.txt",
    ]);
    const [picture] = files.nodes;
    expect(picture).toMatchObject({ size: 2_000, type: "image/png" });
    expect(picture.md5).toBe(createHash("md5").update(PICTURE).digest("hex"));
    expect(Date.now() - Date.parse(picture.updatedAt)).toBeLessThan(60_000);
    const answer = await fetch(picture.url);
    expect(Buffer.from(await answer.arrayBuffer()).equals(PICTURE)).toBe(true);
  });

  test("page by page, below a prefix, or of one folder alone", async () => {
    const first = (await ofRun("files(first: 2) { nodes { name } pageInfo { hasNextPage endCursor } }"))
      .files;
    expect(first.pageInfo.hasNextPage).toBe(true);
    const rest = await ofRun(
      `files(first: 10, after: "${first.pageInfo.endCursor}") { nodes { name } pageInfo { hasNextPage } }`,
    );
    expect(names(rest.files)).toEqual(["media/table/t.table.json", "model.pt", "世/é.txt"]);
    expect(rest.files.pageInfo.hasNextPage).toBe(false);
    const below = await ofRun('files(prefix: "media/images/") { totalCount nodes { name } }');
    expect(below.files.totalCount).toBe(2);
    const top = await ofRun("files(shallow: true) { totalCount nodes { name } } folders { name files size }");
    expect(names(top.files)).toEqual(["model.pt"]);
    expect(top.folders).toEqual([
      {
        name: "media",
        files: 3,
        size: 2_000 + "media/images/b.png".length + "media/table/t.table.json".length,
      },
      { name: "世", files: 1, size: Buffer.byteLength("世/é.txt") },
    ]);
    const inside = await ofRun(
      'folders(prefix: "media/") { name files } files(prefix: "世/", shallow: true) { nodes { name } }',
    );
    expect(inside.folders).toEqual([
      { name: "images", files: 2 },
      { name: "table", files: 1 },
    ]);
    expect(names(inside.files)).toEqual(["世/é.txt"]);
  });

  test("what is asked wrongly is refused by its name", async () => {
    expect(await errorOf('folders(prefix: "media") { name }')).toMatchObject({
      message: expect.stringContaining('prefix is "media"'),
      extensions: { code: "BAD_INPUT" },
    });
    expect((await errorOf('files(after: "x") { nodes { name } }'))?.extensions.code).toBe("BAD_INPUT");
    expect((await errorOf("files(first: 1001) { nodes { name } }"))?.extensions.code).toBe("BAD_INPUT");
    expect((await errorOf(`files(prefix: "${"x".repeat(1_025)}") { nodes { name } }`))?.message).toContain(
      "1025",
    );
  });

  test("whoever may see the run reads them; nobody else is told of any, nor asked whether they exist", async () => {
    const { files } = await ofRun("files { nodes { url } }", run, viewer);
    expect((await fetch(files.nodes[0].url)).status).toBe(200);
    const stranger = await addPerson(server(), "stranger");
    expect(await ofRun("files { totalCount } folders { name } media { key }", run, stranger)).toBeNull();
    const nobody = await send({ url: server().url }, `{ run(id: "${run.id}") { files { totalCount } } }`);
    expect(nobody.errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
  });

  test("an address ends after one to two hours, and is good for its own file alone", async () => {
    const secret = randomBytes(32);
    const link = { may: "get-run-file", runId: 1, name: "a" } as const;
    const halfPast = 30 * 60_000;
    const token = linksBy(secret, () => halfPast).sign(link, LOOK_MS);
    expect(linksBy(secret, () => halfPast + LOOK_MS).read(token)).toEqual(link);
    expect(() => linksBy(secret, () => 2 * LOOK_MS + 1).read(token)).toThrow("ended");
    const { files } = await ofRun("files(first: 1) { nodes { url } }");
    const [text = "", mac = ""] = (new URL(files.nodes[0].url).searchParams.get("t") ?? "").split(".");
    const other = { ...JSON.parse(Buffer.from(text, "base64url").toString()), name: "model.pt" };
    const forged = `${Buffer.from(JSON.stringify(other)).toString("base64url")}.${mac}`;
    expect((await fetch(`${server().url}/wandb/bytes?t=${forged}`)).status).toBe(403);
  });

  test("another server of the same database lists them, and takes the first one's addresses", async () => {
    const { files } = await ofRun('files(prefix: "media/images/a") { nodes { url } }');
    await withServerOn(
      server().databaseUrl,
      async (second) => {
        const there = await ofRun("files { totalCount } media { key }", run, {
          url: second.url,
          key: server().key,
        });
        expect(there.files.totalCount).toBeGreaterThan(4);
        const { search } = new URL(files.nodes[0].url);
        const answer = await fetch(`${second.url}/wandb/bytes${search}`);
        expect(Buffer.from(await answer.arrayBuffer()).equals(PICTURE)).toBe(true);
      },
      { BESOM_FILES_DIR: filesDir },
    );
  });
});

const file = (type: string, path: string, more: object = {}) => ({
  _type: type,
  path,
  sha256: "0",
  size: 1,
  ...more,
});

describe("what was logged beside numbers", () => {
  let media: WireRun;
  beforeAll(async () => {
    media = await beginRun(server(), "media");
    await logLines(server(), media, 0, [
      {
        loss: 1,
        one: file("image-file", "media/images/one_0.png", {
          format: "png",
          width: 32,
          height: 16,
          caption: "a cat",
        }),
        deep: { inside: file("video-file", "media/videos/v.mp4", { width: 8, height: 8 }) },
        page: file("html-file", "media/html/p.html"),
        sounds: {
          _type: "audio",
          count: 2,
          audio: [file("audio-file", "media/audio/a.wav"), file("audio-file", "media/audio/b.wav")],
          durations: [1.5, 2],
          captions: ["hum", ""],
        },
        mixed: [file("image-file", "media/images/x.png"), file("plotly-file", "media/plotly/y.plotly.json")],
        text: "no media",
        words: ["no", "media"],
        weights: { _type: "histogram", values: [1, 2, 3], bins: [0, 0.5, 1, 1.5] },
      },
      {
        loss: 0.5,
        many: {
          ...{ _type: "images/separated", width: 4, height: 4, format: "png", count: 2 },
          filenames: ["media/images/many_0.png", "media/images/many_1.png"],
          captions: ["first", "second"],
          all_boxes: [null, { predictions: file("boxes2D", "media/metadata/boxes2D/b.json") }],
          all_masks: [{ truth: file("mask", "media/images/mask/m.png") }, null],
        },
        weights: { _type: "histogram", values: [4, 0], packedBins: { min: -1, size: 2, count: 2 } },
      },
    ]);
    for (const name of [
      "media/images/one_0.png",
      "media/html/p.html",
      "media/images/many_1.png",
      "media/metadata/boxes2D/b.json",
    ])
      await uploadFile(server(), media, name, "<script>parent.document.title</script>");
  });

  test("stands by name with its kind, and no text or list is taken for a picture", async () => {
    const { media: found } = await ofRun("media { key kind total steps }", media);
    expect(found).toEqual([
      { key: "deep.inside", kind: "video", total: 1, steps: [0] },
      { key: "many", kind: "image", total: 1, steps: [1] },
      { key: "mixed", kind: "image", total: 1, steps: [0] },
      { key: "one", kind: "image", total: 1, steps: [0] },
      { key: "page", kind: "html", total: 1, steps: [0] },
      { key: "sounds", kind: "audio", total: 1, steps: [0] },
      { key: "weights", kind: "histogram", total: 2, steps: [0, 1] },
    ]);
    const { summary } = await ofRun("summary { name media lastOther(most: 9) }", media);
    expect(summary.find(({ name }: { name: string }) => name === "one")).toEqual({
      ...{ name: "one", media: "image" },
      lastOther: '{"_type":',
    });
  });

  test("a picture has its size, caption and address, which is absent while its file has not come", async () => {
    const fields =
      "media(keys: KEYS) { entries { step time items { kind path caption width height size url frameUrl seconds layers { name kind url } } } }";
    const of = async (key: string) =>
      (await ofRun(fields.replace("KEYS", JSON.stringify([key])), media)).media[0].entries[0];
    const one = await of("one");
    expect(one).toMatchObject({ step: 0, time: 1.7e12 });
    expect(one.items).toMatchObject([
      { kind: "image", caption: "a cat", width: 32, height: 16, frameUrl: null },
    ]);
    expect((await fetch(one.items[0].url)).headers.get("content-type")).toBe("image/png");
    const many = await of("many");
    expect(many.items).toMatchObject([
      {
        path: "media/images/many_0.png",
        caption: "first",
        url: null,
        size: null,
        layers: [{ name: "truth", kind: "mask", url: null }],
      },
      {
        path: "media/images/many_1.png",
        caption: "second",
        layers: [{ name: "predictions", kind: "boxes" }],
      },
    ]);
    expect((await fetch(many.items[1].layers[0].url)).status).toBe(200);
    expect((await of("sounds")).items).toMatchObject([
      { kind: "audio", caption: "hum", seconds: 1.5 },
      { kind: "audio", caption: null, seconds: 2 },
    ]);
    expect((await of("mixed")).items.map(({ kind }: { kind: string }) => kind)).toEqual(["image", "plotly"]);
  });

  test("a page of somebody's runs in a sandbox of its own where it is framed, and is saved where it is opened", async () => {
    const { media: found } = await ofRun(
      'media(keys: ["page"]) { entries { items { url frameUrl } } }',
      media,
    );
    const [{ url, frameUrl }] = found[0].entries[0].items;
    expect((await fetch(url)).headers.get("content-disposition")).toMatch(/^attachment/);
    const { headers } = await fetch(frameUrl);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^sandbox allow-scripts; default-src 'none';/);
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).not.toContain("allow-same-origin");
    expect(policy).not.toContain("connect-src");
    // A frame's address brings no other type out of its cage: an SVG stays what is saved.
    await uploadFile(
      server(),
      media,
      "evil.svg",
      "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
    );
  });

  test("histograms have their edges, however they were packed", async () => {
    const { media: found } = await ofRun(
      'media(keys: ["weights"]) { entries(first: 5) { step items { histogram { edges counts } } } }',
      media,
    );
    expect(found[0].entries).toEqual([
      { step: 0, items: [{ histogram: { edges: [0, 0.5, 1, 1.5], counts: [1, 2, 3] } }] },
      { step: 1, items: [{ histogram: { edges: [-1, 1, 3], counts: [4, 0] } }] },
    ]);
  });

  test("the history without pictures brings numbers alone", async () => {
    const { history } = await ofRun("history(numbers: true) { keys }", media);
    expect(history.keys).toEqual(["loss"]);
  });

  test("a sweep's charts and columns are offered what has numbers alone", async () => {
    const { sweepId, claims } = await withRuns(server(), 2);
    for (const [i, { runId }] of claims.entries()) {
      const weights = { _type: "histogram", values: [1], bins: [0, 1] };
      const series = [
        { key: "loss", values: [0.5] },
        { key: "weights", values: [weights] },
        // Once a number is enough.
        { key: "mixed", values: [i === 0 ? weights : "NaN"] },
      ];
      const input = { runId, batch: { attempt: 1, batch: 1, steps: [0], times: [0], series } };
      const { logMetrics } = await ask(server(), LogMetrics, { input });
      expect(logMetrics.error).toBeNull();
    }
    const { sweep } = await ask<Data>(
      server(),
      `{ sweep(id: "${sweepId}") { metricNames commonMetrics { names } } }`,
    );
    expect(sweep).toEqual({ metricNames: ["loss", "mixed"], commonMetrics: { names: ["loss", "mixed"] } });
  });

  test("a viewer sees it", async () => {
    const { media: found } = await ofRun('media(keys: ["one"]) { entries { items { url } } }', media, viewer);
    expect((await fetch(found[0].entries[0].items[0].url)).status).toBe(200);
  });
});

describe("what was logged at many steps", () => {
  test("comes thinned evenly, from the front, from the end or by range, before and after its history is merged", async () => {
    const long = await beginRun(server(), "long");
    for (let from = 0; from < 3_000; from += 500)
      await logLines(
        server(),
        long,
        from,
        Array.from({ length: 500 }, (_, i) => ({
          loss: 1,
          // At every other step.
          ...((from + i) % 2 === 0 && { h: { _type: "histogram", values: [from + i], bins: [0, 1] } }),
        })),
      );
    const read = async () => {
      const { media } = await ofRun(
        `media { total few: steps(samples: 4) all: steps(samples: 10000) last: entries { step }
          first: entries(first: 3) { step } spread: entries(samples: 5) { step items { histogram { counts } } }
          range: entries(first: 200, minStep: 1001, maxStep: 1005) { step } }`,
        long,
      );
      return media[0];
    };
    const before = await read();
    expect(before.total).toBe(1_500);
    expect(before.all).toEqual(Array.from({ length: 1_500 }, (_, i) => 2 * i));
    expect([before.few.length, before.few[0], before.few.at(-1)]).toEqual([4, 0, 2_998]);
    expect(before.last).toEqual([{ step: 2_998 }]);
    expect(before.first).toEqual([{ step: 0 }, { step: 2 }, { step: 4 }]);
    expect(before.range).toEqual([{ step: 1_002 }, { step: 1_004 }]);
    const spread = before.spread.map(({ step }: { step: number }) => step);
    for (let i = 1; i < spread.length; i++)
      expect(Math.abs(spread[i] - spread[i - 1] - 750)).toBeLessThan(80);
    for (const { step, items } of before.spread) expect(items[0].histogram.counts).toEqual([step]);
    expect(await mergeAttempt(server().db, { runId: Number(long.id), attempt: 1 })).toBe(true);
    expect(await read()).toEqual(before);
  });

  test.each([
    ["entries(first: 1, last: 1) { step }", "one of first, last and samples"],
    ["entries(samples: 0) { step }", "samples is 0"],
    ["entries(minStep: 0.5) { step }", "minStep is 0.5"],
    ["steps(samples: 10001)", "samples is 10001"],
  ])("%s is refused", async (fields, message) => {
    expect(await errorOf(`media { ${fields} }`, await beginRun(server(), "long"))).toMatchObject({
      message: expect.stringContaining(message),
      extensions: { code: "BAD_INPUT" },
    });
  });
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
