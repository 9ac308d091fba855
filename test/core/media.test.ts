import { describe, expect, test } from "vitest";
import { MAX_MEDIA_ITEMS, mediaKindOf, mediaKindOfJson, readMedia } from "@/core/media";
import { TableReader } from "@/core/table-file";

describe("what is a picture or the like", () => {
  test.each([
    [{ _type: "image-file", path: "a.png" }, "image"],
    [
      [
        { _type: "image-file", path: "a.png" },
        { _type: "html-file", path: "b.html" },
      ],
      "image",
    ],
    [{ _type: "incremental-table-file", path: "a" }, "table"],
    [{ _type: "something new", path: "a.bin" }, "file"],
    [{ _type: "something new" }, undefined],
    [{ path: "a.png" }, undefined],
    [[], undefined],
    ["image-file", undefined],
    [null, undefined],
    [{ _type: 3, path: "a" }, undefined],
  ])("%j is %s", (value, kind) => {
    expect(mediaKindOf(value)).toBe(kind);
    expect(mediaKindOfJson(JSON.stringify(value))).toBe(kind);
  });

  test("text that only speaks of types is none, and broken JSON neither", () => {
    expect(mediaKindOfJson('"a \\"_type\\": image-file"')).toBeUndefined();
    expect(mediaKindOfJson('{"_type": "image-file", "path"')).toBeUndefined();
    expect(readMedia('{"_type"')).toEqual([]);
  });
});

describe("hostile shapes are nothing, and cost nothing", () => {
  test.each([
    { _type: "images/separated", filenames: "a.png" },
    { _type: "images/separated", filenames: [1, null, {}], captions: { 0: "x" }, width: -1, height: "8" },
    { _type: "audio", audio: [null, 3, "x"] },
    { _type: "image-file", path: { a: 1 }, boxes: [1], masks: { a: 1, b: { path: 2 } } },
    { _type: "histogram", values: [1, "2"], bins: [0, 1, 2] },
    { _type: "histogram", values: [1, 2], bins: [0, 2, 1] },
    { _type: "histogram", values: [1, -2], bins: [0, 1, 2] },
    { _type: "histogram", values: [1, 2], packedBins: { min: "0", size: 1 } },
    { _type: "histogram", values: Array(5_000).fill(1), packedBins: { min: 0, size: 1 } },
    { _type: "constructor", path: "../x" },
    { _type: "__proto__", path: "../x" },
  ])("%j", (value) => {
    for (const item of readMedia(JSON.stringify(value))) {
      expect(item.path).toBeNull();
      expect(item.histogram).toBeNull();
      expect(item.layers).toEqual([]);
      expect([item.width, item.height, item.caption]).toEqual([null, null, null]);
    }
  });

  test("a list of a million pictures is cut", () => {
    const filenames = Array.from({ length: 5_000 }, (_, i) => `${i}.png`);
    expect(readMedia(JSON.stringify({ _type: "images/separated", filenames }))).toHaveLength(MAX_MEDIA_ITEMS);
    const nested = Array.from({ length: 5_000 }, () => ({ _type: "image-file", path: "a" }));
    expect(readMedia(JSON.stringify([nested, nested]))).toHaveLength(MAX_MEDIA_ITEMS);
  });

  test("a picture in 400,000 lists is none, and overflows no stack", () => {
    const json = `${"[".repeat(400_000)}{"_type":"image-file","path":"a"}${"]".repeat(400_000)}`;
    expect(mediaKindOfJson(json)).toBeUndefined();
    expect(readMedia(json)).toEqual([]);
    expect(readMedia('[[{"_type":"image-file","path":"a"}]]')).toHaveLength(1);
  });
});

test("rows of a table come out alike wherever its bytes are cut, from the start and from behind each row", () => {
  const rows = ['[1, "x,]\\\\"]', '[NaN, {"k": [1, 2]}]', "[]", '["é世\\u0000"]'];
  const text = Buffer.from(
    `{"columns": ["a", "b]\\"{"], "x": {"data": [[1]]}, "y": "data", "data" : [${rows.join(" , ")}], "z": [[1]]}`,
  );
  for (let size = 1; size < 40; size++) {
    const reader = new TableReader();
    for (let at = 0; at < text.length; at += size) reader.add(text.subarray(at, at + size));
    expect(reader.columns).toBe('["a", "b]\\"{"]');
    expect(reader.rows.map(({ json }) => json)).toEqual(rows);
    expect([reader.ended, reader.position]).toEqual([true, text.length]);
    for (const [i, { end }] of reader.rows.entries()) {
      const rest = new TableReader(end);
      for (let at = end; at < text.length; at += size) rest.add(text.subarray(at, at + size));
      expect(rest.rows).toEqual(reader.rows.slice(i + 1));
    }
  }
});
