import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCsvRows } from "@/agent/import/csv-rows";
import { openExportedRun } from "@/agent/import/exported-run";
import { JsonTree } from "@/agent/import/json-tree";
import { toHistoryLine } from "@/agent/import/line-text";
import { toFacts } from "@/agent/import/metadata";
import { OutputLines } from "@/agent/import/output-lines";
import { Message } from "@/agent/import/protobuf";
import { openRunFiles } from "@/agent/import/run-file";
import { type HistoryRecord, readWandbRecord } from "@/agent/import/wandb-records";
import { parseJson, stringifyJson } from "@/core/value";
import { encode, encodeLog, encodeMessage } from "../../support/wandb-file";

describe("records", () => {
  test("any message comes back as it was written; what a newer client adds is passed over", () => {
    const field = fc.tuple(
      fc.integer({ min: 1, max: 2 ** 29 - 1 }),
      fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.string({ unit: "binary", maxLength: 300 }),
      ),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 10 }), (fields) => {
        const message = new Message(encodeMessage(fields));
        for (const [number, value] of fields) {
          expect(message.next()).toBe(true);
          expect(message.field).toBe(number);
          if (typeof value === "bigint") expect(message.integer()).toBe(Number(value));
          else expect(message.text()).toBe(Buffer.from(value).toString("utf8"));
        }
        expect(message.next()).toBe(false);
      }),
    );
  });

  test("bytes that are no message are refused, whatever they are, and never read beyond their end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readWandbRecord(Buffer.from(bytes));
        } catch (error) {
          expect((error as { code?: string }).code).toBe("BAD_INPUT");
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("a history has its step, what was nested, and numbers as the client wrote them", () => {
    const record = readWandbRecord(
      encode.history(12, {
        ...{ loss: "1.0", "d.x": "NaN", big: "123456789012345678901" },
        ...{ "page._type": '"html-file"', "page.size": "3", "d.y.z": "null" },
      }),
    );
    expect(toHistoryLine(record as HistoryRecord)).toBe(
      '{"_step":12,"loss":1.0,"big":123456789012345678901,"d":{"x":NaN,"y":{"z":null}},"page":{"_type":"html-file","size":3}}',
    );
    expect(() =>
      toHistoryLine({ kind: "history", step: 0, items: [{ path: ["loss"], json: "1," }] }),
    ).toThrow(/the value of loss is "1,", expected JSON text/);
  });

  test("a name of 100,000 parts is refused: whatever is nested so deep would overflow the stack", () => {
    const parts = Array.from({ length: 100_000 }, () => [2, "a"] as const);
    const item = encodeMessage([...parts, [16, "1"]]);
    for (const kind of [2, 3, 5])
      expect(() => readWandbRecord(encodeMessage([[kind, encodeMessage([[1, item]])]]))).toThrow(
        /a value stands 100000 names deep, at most 200/,
      );
  });

  test("a negative exit code and one that is only a part's", () => {
    expect(readWandbRecord(encode.exit(-1))).toEqual({ kind: "exit", code: -1, runtimeS: 0 });
    expect(readWandbRecord(encodeMessage([[18, encodeMessage([[3, 1]])]]))).toBeUndefined();
  });
});

test("changes add up: a later value takes the place of what lies below it, and what is taken away is gone", () => {
  const tree = new JsonTree();
  const set = (path: string, json: string) => ({ update: [{ path: path.split("."), json }], remove: [] });
  tree.apply(set("a", "1.0"));
  tree.apply(set("b.x", "1"));
  tree.apply(set("b.y.z", '"deep"'));
  tree.apply(set("b.x", "2"));
  tree.apply(set("c", '{"kept": 1, "lost": 2}'));
  tree.apply({
    update: [],
    remove: [
      { path: ["c", "lost"], json: "" },
      { path: ["a"], json: "" },
    ],
  });
  tree.apply(set("c.new", "3"));
  tree.apply(set("d.x", "1"));
  tree.apply(set("d", "4.5"));
  expect(JSON.parse(stringifyJson(tree.build()))).toEqual({
    b: { x: 2, y: { z: "deep" } },
    c: { kept: 1, new: 3 },
    d: 4.5,
  });
});

test("ten thousand values below one name are put together one by one, the last changed ones last", () => {
  const tree = new JsonTree();
  const change = (i: number) => ({ path: ["layers", `w${i}`, "mean"], json: String(i) });
  tree.apply({ update: Array.from({ length: 30_000 }, (_, i) => change(i)), remove: [] });
  tree.apply({ update: [change(7)], remove: [{ path: ["layers", "w8"], json: "" }] });
  const beganMs = performance.now();
  const { layers } = tree.build();
  expect(performance.now() - beganMs).toBeLessThan(2_000);
  const names = Object.keys(layers as object);
  expect([names.length, names.includes("w8"), names.at(-1)]).toEqual([29_999, false, "w7"]);
});

test("pieces of output become whole lines, of a progress bar the last version, and streams don't cut each other", () => {
  const lines = new OutputLines();
  const take = (text: string, stream: "stdout" | "stderr" = "stdout") => [
    ...lines.take({ kind: "output", stream, timeMs: 1_000, text }),
  ];
  const said = [
    ...take("step"),
    ...take("trouble\n", "stderr"),
    ...take(" 1\n\nbar 10%\r"),
    ...take("bar 100%\r\n"),
    ...take("no end"),
    ...lines.end(),
  ];
  const ts = "1970-01-01T00:00:01.000Z";
  expect(said.map((line) => JSON.parse(line))).toEqual([
    { ts, level: "error", content: "trouble" },
    { ts, content: "step 1" },
    { ts, content: "" },
    { ts, content: "bar 100%" },
    { ts, content: "no end" },
  ]);
  const bar = new OutputLines();
  for (let i = 0; i < 50_000; i++)
    for (const line of bar.take({ kind: "output", stream: "stdout", timeMs: 1, text: `\r${i} of 50000` }))
      expect(line).toBe("never");
  expect([...bar.end()]).toEqual([expect.stringContaining('"content":"49999 of 50000"')]);
  // Dots that nobody rewrites, five at a time: a line is cut before it is too long to look at, and none of it is looked at twice.
  const dots = new OutputLines();
  const take5 = () => [...dots.take({ kind: "output", stream: "stdout", timeMs: 1, text: "....." })];
  const cut = [...Array.from({ length: 100_000 }, take5).flat(), ...dots.end()];
  const lengths = cut.map((line) => (JSON.parse(line) as { content: string }).content.length);
  expect(lengths.reduce((sum, length) => sum + length)).toBe(500_000);
  expect(Math.max(...lengths)).toBeLessThan(100_010);
});

test("a history that pandas wrote: numbers, NaN, booleans, lists, quoted text over lines, the index left out", () => {
  const folder = mkdtempSync(join(tmpdir(), "besom-csv-"));
  const path = join(folder, "history.csv");
  try {
    writeFileSync(
      path,
      '\ufeff,_step,loss,ok,note,list\r\n0,0,1.5,True,"a ""b"", c\nnext","[1, 2]"\n1,1,nan,,[not json,\n\n2,2,-inf,False,+.5,1e-05\n',
    );
    const rows = [...readCsvRows(path)].map(({ json }) => stringifyJson(parseJson(json)));
    expect(rows.map((row) => JSON.parse(row))).toEqual([
      { _step: 0, loss: 1.5, ok: true, note: 'a "b", c\nnext', list: [1, 2] },
      { _step: 1, loss: "NaN", note: "[not json" },
      { _step: 2, loss: "-Infinity", ok: false, note: 0.5, list: 0.00001 },
    ]);
    // What JavaScript calls its own things by is text like any other.
    writeFileSync(path, "__proto__,constructor\nconstructor,__proto__\n");
    expect([...readCsvRows(path)].map(({ json }) => json)).toEqual([
      '{"__proto__":"constructor","constructor":"__proto__"}',
    ]);
    writeFileSync(path, `a,b\n1,"${"x".repeat(9_000_000)}"\n2,"${'line ""quoted""\n'.repeat(100_000)}"\n`);
    expect([...readCsvRows(path)].map(({ json }) => (JSON.parse(json) as { b: string }).b.length)).toEqual([
      9_000_000, 1_400_000,
    ]);
    writeFileSync(path, `a,b\n1,"x\n${"0.123456789012345,0.12345678901234\n".repeat(100_000)}`);
    expect(() => [...readCsvRows(path)]).toThrow(/a quote that opens on line 2 of/);
    writeFileSync(path, "_step,loss\n0,1\n1,2,3\n");
    expect(() => [...readCsvRows(path)]).toThrow(/line 3 of .*history\.csv has 3 cells, expected 2/);
    writeFileSync(path, '_step,note\n0,"open\n1,2\n');
    expect(() => [...readCsvRows(path)]).toThrow(
      /a quote that opens on line 2 of .*history\.csv is never closed/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a machine is described as far as its client did, in bytes whichever unit that one wrote", () => {
  expect(
    toFacts(
      {
        ...{
          os: "Linux",
          python: "CPython 3.11.7",
          program: "train.py",
          executable: "/bin/python",
          args: ["--lr", "1"],
        },
        ...{
          cpu_count: 4,
          cpu_count_logical: 8,
          memory: { total: "16000000000" },
          gpu_nvidia: [{ name: "A100", memoryTotal: "85" }],
        },
        ...{ git: { remote: "r", commit: "c" }, host: 7 },
      },
      "numpy==1.26.0\ntorch @ file:///x\n# no\n",
    ),
  ).toEqual({
    argv: ["/bin/python", "train.py", "--lr", "1"],
    ...{
      os: "Linux",
      python: "3.11.7",
      cpu: { count: 8 },
      memoryBytes: 16e9,
      git: { remote: "r", commit: "c" },
    },
    ...{ gpus: [{ index: 0, name: "A100", memoryBytes: 85 }], packages: { numpy: "1.26.0" } },
  });
  expect(toFacts({ memory: { total: 15.5 }, gpu: "T4", gpu_count: 2 })).toEqual({
    memoryBytes: Math.round(15.5 * 2 ** 30),
    gpus: [
      { index: 0, name: "T4" },
      { index: 1, name: "T4" },
    ],
  });
  expect(toFacts(null)).toEqual({});
  const long = toFacts({ host: "h" }, Array.from({ length: 9_000 }, (_, i) => `p${i}==1.0`).join("\n"));
  expect(long).toEqual({ host: "h" });
});

test("a client's file with any bytes changed within its records is read or refused, never more than that", () => {
  const folder = mkdtempSync(join(tmpdir(), "besom-fuzz-"));
  const path = join(folder, "run-x.wandb");
  const records = [
    encode.header(),
    encode.run({ id: "x", project: "p", startedMs: 1e12, host: "h" }),
    encode.config({ "a.b": "1", c: '{"d": [1]}' }),
    encode.history(1, { loss: "NaN", "a.x": "1", _timestamp: "1700000000" }),
    encode.stats(1e12, { cpu: "1" }),
    encode.output(1e12, "line\n"),
    encode.summary({ loss: "1", "a.b": "2" }, ["c"]),
    encode.exit(0),
  ];
  const change = fc.tuple(fc.nat(records.length - 1), fc.nat(200), fc.nat(255));
  try {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const changed = records.map((record) => Buffer.from(record));
        for (const [which, at, byte] of changes) {
          const record = changed[which] as Buffer;
          record[at % record.length] = byte;
        }
        writeFileSync(path, encodeLog(changed));
        try {
          const run = openRunFiles([path]);
          const { startedMs, finishedMs } = run.readHead();
          for (const timeMs of [startedMs, finishedMs])
            if (timeMs !== undefined) new Date(timeMs).toISOString();
          for (const { text } of run.readLines()) parseJson(text);
        } catch (error) {
          expect((error as { code?: string }).code, String(error)).toBe("BAD_INPUT");
        }
      }),
      { numRuns: 1_500 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what describes a run is not read where it is a folder, or as large as a model", () => {
  const folder = mkdtempSync(join(tmpdir(), "besom-large-"));
  try {
    writeFileSync(join(folder, "run.json"), "{}");
    writeFileSync(join(folder, "summary.json"), "");
    truncateSync(join(folder, "summary.json"), 3 * 2 ** 30);
    expect(() => openExportedRun(folder).readHead()).toThrow(/summary\.json has 3221225472 bytes, at most/);
    rmSync(join(folder, "summary.json"));
    writeFileSync(join(folder, "x.wandb"), encodeLog([encode.header(), encode.run({ id: "x" })]));
    mkdirSync(join(folder, "files", "requirements.txt"), { recursive: true });
    expect(() => openRunFiles([join(folder, "x.wandb")]).readHead()).toThrow(/requirements\.txt is no file/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
