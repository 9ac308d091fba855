import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMetricLine } from "@/agent/output/metric-line";

test.each([
  ['{"step": 3, "loss": 0.21}', { step: 3, entries: [["loss", 0.21]] }],
  [
    '  {"loss": 1e-4, "note": "warm", "ok": true}  ',
    {
      entries: [
        ["loss", 1e-4],
        ["note", "warm"],
        ["ok", true],
      ],
    },
  ],
  ['{"step": "3", "loss": 1}', { step: 3, entries: [["loss", 1]] }],
  ['{"_step": 7, "acc": 1}', { step: 7, entries: [["acc", 1]] }],
  // as Python's json.dumps prints them
  [
    '{"loss": NaN, "a": Infinity, "b": -Infinity}',
    {
      entries: [
        ["loss", "NaN"],
        ["a", "Infinity"],
        ["b", "-Infinity"],
      ],
    },
  ],
  [
    '{"note": "NaN is \\"bare\\" NaN", "loss": NaN}',
    {
      entries: [
        ["note", 'NaN is "bare" NaN'],
        ["loss", "NaN"],
      ],
    },
  ],
  ['{"big": 1e999}', { entries: [["big", "Infinity"]] }],
  [
    '{"train": {"loss": 1, "top": {"5": 0.9}}, "lrs": [1, 2]}',
    {
      entries: [
        ["train.loss", 1],
        ["train.top.5", 0.9],
        ["lrs", [1, 2]],
      ],
    },
  ],
  ['{"loss": 1, "nothing": null}', { entries: [["loss", 1]] }],
  [
    '{"step": 1.5, "loss": 1}',
    {
      entries: [
        ["step", 1.5],
        ["loss", 1],
      ],
    },
  ],
  [
    '{"step": -1, "loss": 1}',
    {
      entries: [
        ["step", -1],
        ["loss", 1],
      ],
    },
  ],
  [
    '{"__proto__": 1, "constructor": 2}',
    {
      entries: [
        ["__proto__", 1],
        ["constructor", 2],
      ],
    },
  ],
  ['{"step": 1, "a\\u0000b": "x\\ud800y"}', { step: 1, entries: [["a\uFFFDb", "x\uFFFDy"]] }],
])("%s is a metric", (line, expected) => {
  expect(parseMetricLine(line)).toEqual(expected);
});

test.each([
  "",
  "epoch 3 loss 0.2",
  "{}",
  '{"step": 4}',
  '{"level": "info", "msg": "hello"}',
  '{"loss": null}',
  "[1, 2]",
  "{'loss': 1}",
  '{"loss": 0.1',
  '{"loss": nan}',
  '{"loss": NaN NaN}',
  "{",
  "}",
  '{"a": 1} {"b": 2}',
])("%j is output only", (line) => {
  expect(parseMetricLine(line)).toBeUndefined();
});

test("no line, however odd, makes it fail, and whatever it gives is JSON", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    '"',
    "\\",
    "NaN",
    "-Infinity",
    ":",
    ",",
    "a",
    "1",
    "null",
    "[",
    "]",
    "\u0000",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.array(piece).map((parts) => `{${parts.join("")}}`),
      ),
      (line) => {
        const metrics = parseMetricLine(line);
        if (metrics) expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
      },
    ),
  );
});

test("a name that is too long is cut, depth without end is cut, and neither takes the rest with it", () => {
  const deep = `${"[".repeat(300_000)}1${"]".repeat(300_000)}`;
  const line = parseMetricLine(`{"${"n".repeat(600)}": 1, "loss": 2, "deep": ${deep}}`);
  expect(line?.entries.map(([key]) => key.length)).toEqual([512, 4, 4]);
  expect(JSON.stringify(line).length).toBeLessThan(1_000);
});

test.each([
  ["a string that nothing closes", `{"x": NaN, "text": ${'"\\"'.repeat(350_000)}}`],
  ["nothing but quotes", `{NaN${'"'.repeat(1_048_000)}}`],
  ["nothing but backslashes", `{NaN "${"\\\\".repeat(524_000)}}`],
  ["nothing but words", `{${"NaN-".repeat(262_000)}}`],
])("a megabyte of %s is read in one pass", (_, line) => {
  // One pass takes some 30 ms; one for each character that may begin a string took minutes.
  const startMs = performance.now();
  expect(parseMetricLine(line)).toBeUndefined();
  expect(performance.now() - startMs).toBeLessThan(2_000);
});

test("a long line is read in time that grows with its length", () => {
  const line = `{"x": NaN, "text": "${"\\\\".repeat(200_000)}"}`;
  const startMs = performance.now();
  expect(parseMetricLine(line)?.entries.length).toBe(2);
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
