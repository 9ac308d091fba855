import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mergeAttempt } from "@/engine/merge-history";
import { LogMetrics } from "@/graphql/operations";
import type { Person } from "../support/people";
import { type Data, seenRun } from "../support/seen-run";
import { ask, sharedServer } from "../support/server";
import { withRuns } from "../support/sweeps";
import { beginRun, logLines, uploadFile, type WireRun } from "../support/wire";

/** Pictures and the like, logged as wandb's client logs them, and read by the API. */

const filesDir = mkdtempSync(join(tmpdir(), "besom-media-"));
const server = sharedServer({ BESOM_FILES_DIR: filesDir });
afterAll(() => rmSync(filesDir, { recursive: true, force: true }));

const { ofRun, errorOf, ...seen } = seenRun(server);
let _run: WireRun;
let viewer: Person;
beforeAll(() => {
  _run = seen.run();
  viewer = seen.viewer();
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
    const evil = await beginRun(server(), "evil");
    const drawing = "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>";
    await uploadFile(server(), evil, "evil.svg", drawing);
    await logLines(server(), evil, 0, [{ page: file("html-file", "evil.svg") }]);
    const { media: drawn } = await ofRun("media { entries { items { frameUrl } } }", evil);
    const answer = await fetch(drawn[0].entries[0].items[0].frameUrl);
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'; sandbox;/);
    // By itself a page could go elsewhere with what is in it; browsers say what they open it as.
    const opened = await fetch(frameUrl, { headers: { "sec-fetch-dest": "document" } });
    expect(opened.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(opened.headers.get("content-security-policy")).toMatch(/^default-src 'none'; sandbox;/);
    const framed = await fetch(frameUrl, { headers: { "sec-fetch-dest": "iframe" } });
    expect(framed.headers.get("content-disposition")).toMatch(/^inline/);
    // What a cache between might keep, and what a page that was left would tell: nothing.
    expect(framed.headers.get("cache-control")).toMatch(/^private/);
    expect(framed.headers.get("referrer-policy")).toBe("same-origin");
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
