import { randomBytes } from "node:crypto";
import { StringDecoder } from "node:string_decoder";
import { expect, test } from "vitest";
import { Intake, type IntakeOptions } from "@/agent/output/intake";
import { openPatterns } from "@/agent/output/patterns";
import { MAX_HELD, Readings } from "@/agent/output/readings";
import type { Point } from "@/client/columns";
import type { OutputLine } from "@/graphql/operations";
import { Screen } from "@/ui/terminal/screen";
import { waitFor } from "../../support/recorder";

function takeIn(options: Partial<IntakeOptions> = {}) {
  const points: Point[] = [];
  const lines: OutputLine[] = [];
  const warnings: string[] = [];
  const resumed: number[] = [];
  const intake = new Intake({
    delivery: {
      log: (point) => points.push(point),
      print: (line) => lines.push(line),
      resume: (step) => resumed.push(step),
    },
    metric: { name: "loss", goal: "minimize" },
    onWarning: (code, message) => warnings.push(`${code} ${message}`),
    ...options,
  });
  return { intake, points, lines, warnings, resumed };
}

test("each line is output; lines of JSON on stdout are metrics as well, on stderr they are not", () => {
  const { intake, points, lines } = takeIn();
  intake.push("stdout", 'hello\n{"step": 2, "loss": 0.5}\n');
  intake.push("stderr", '{"loss": 9}\nbad thing\n');
  intake.push("stdout", '{"loss": 0.25}');
  intake.end();
  expect(points.map(({ step, entries }) => [step, entries])).toEqual([
    [2, [["loss", 0.5]]],
    [2, [["loss", 0.25]]],
  ]);
  expect(lines.map(({ stream, text }) => [stream, text.replace(/\n$/, "")])).toEqual([
    ["stdout", "hello"],
    ["stdout", '{"step": 2, "loss": 0.5}'],
    ["stderr", '{"loss": 9}'],
    ["stderr", "bad thing"],
    ["stdout", '{"loss": 0.25}'],
  ]);
  expect(intake.best).toBe(0.25);
  expect(intake.lastWords).toBe("bad thing");
});

/** The steps that lines of JSON end up at, told by their `n`. */
function stepsOf(lines: readonly string[]): Record<string, number> {
  const { intake, points, warnings } = takeIn();
  for (const line of lines) intake.push("stdout", `${line}\n`);
  intake.end();
  expect(points.map(({ step }) => step)).toEqual(points.map(({ step }) => step).sort((a, b) => a - b));
  expect(warnings.length).toBe(points.length < lines.length ? 1 : 0);
  return Object.fromEntries(points.map(({ step, entries }) => [String(new Map(entries).get("n")), step]));
}

test("lines without a step are counted from 0 when no line has one", () => {
  expect(stepsOf(['{"n":1}', '{"n":2}', '{"n":3}'])).toEqual({ 1: 0, 2: 1, 3: 2 });
});

test("lines without a step belong to the last step that was printed", () => {
  expect(stepsOf(['{"step":4,"n":1}', '{"n":2}', '{"n":3}', '{"step":5,"n":4}', '{"n":5}'])).toEqual({
    1: 4,
    2: 4,
    3: 4,
    4: 5,
    5: 5,
  });
});

test("a structured log before the training takes no step from it", () => {
  const log = [1, 2, 3].map((n) => `{"level":"info","n":${n}}`);
  const training = [0, 1, 2, 3].map((step) => `{"step":"${step}","n":${10 + step}}`);
  expect(stepsOf([...log, ...training])).toEqual({ 1: 0, 2: 0, 3: 0, 10: 0, 11: 1, 12: 2, 13: 3 });
  expect(stepsOf([...log, '{"step":2,"n":9}'])).toEqual({ 1: 0, 2: 1, 3: 2, 9: 2 });
});

test("the first line without a step is passed on at once, and no more than a few wait", () => {
  const { intake, points } = takeIn();
  intake.push("stdout", '{"n":0}\n');
  expect(points.length).toBe(1);
  for (let n = 1; n <= MAX_HELD; n++) intake.push("stdout", `{"n":${n}}\n`);
  expect(points.map(({ step }) => step)).toEqual(Array.from({ length: MAX_HELD + 1 }, (_, step) => step));
  intake.push("stdout", '{"n":99}\n');
  expect(points.at(-1)?.step).toBe(MAX_HELD + 1);
});

test("lines that wait for a step go on after a while", async () => {
  const points: Point[] = [];
  const readings = new Readings({ metric: undefined, onPoint: (point) => points.push(point), holdMs: 1 });
  for (const n of [1, 2, 3]) readings.read({ entries: [["n", n]] }, n);
  expect(points.length).toBe(1);
  await waitFor("the rest", () => points.length === 3);
  expect(points.map(({ step, timeMs }) => [step, timeMs])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
});

test("a step that goes back is told once and not kept", () => {
  const { intake, points, warnings } = takeIn();
  for (const line of ['{"step":10,"a":3}', '{"step":10,"b":4}', '{"step":4,"a":5}', '{"step":5,"a":6}'])
    intake.push("stdout", `${line}\n`);
  expect(points.map(({ step }) => step)).toEqual([10, 10]);
  expect(warnings).toEqual([
    "STEP_BACKWARDS metrics of step 4 came after a later step and are not kept: steps must go forward",
  ]);
});

test("of a long output the beginning and the end are kept, what is missing is said between them, and metrics go on", () => {
  const { intake, points, lines, warnings } = takeIn({ headBytes: 100, tailLength: 100 });
  for (let i = 0; i < 1_000; i++) intake.push(i % 2 === 0 ? "stdout" : "stderr", `{"loss": ${i}}\n`);
  intake.end();
  expect(points.length).toBe(500);
  const text = lines.map((line) => line.text).join("");
  expect(text).toMatch(/^\{"loss": 0\}\n\{"loss": 1\}\n/);
  expect(text).toMatch(/\{"loss": 998\}\n\{"loss": 999\}\n$/);
  const [, left] = /\[besom: (\d+) lines \(.*\) are left out here\]\n/.exec(text) ?? [];
  expect(Number(left)).toBe(1_000 - (text.split("\n").length - 2));
  expect(text.length).toBeLessThan(350);
  expect(warnings).toEqual([expect.stringMatching(/^OUTPUT_CUT printed more than 100 bytes/)]);
});

test("a hundred megabytes of lines, and as many random bytes, are taken in bounded memory and in seconds", () => {
  const random = new StringDecoder("utf8").write(randomBytes(65_536));
  for (const piece of [`${"x".repeat(99)}\n`.repeat(656), random, `\r${"x".repeat(99)}`.repeat(656)]) {
    let bytes = 0;
    const print = ({ text }: OutputLine) => {
      bytes += Buffer.byteLength(text);
    };
    const { intake } = takeIn({ delivery: { log() {}, resume() {}, print } });
    const startMs = performance.now();
    for (let i = 0; i < 1_600; i++) intake.push("stdout", piece);
    intake.end();
    expect(bytes).toBeLessThan(36 * 1024 * 1024);
    expect(performance.now() - startMs).toBeLessThan(10_000);
  }
});

test("a progress bar that prints no newline is seen while it runs, and a terminal shows one line of it in the end", async () => {
  const { intake, lines } = takeIn({ lookMs: 20 });
  for (let percent = 0; percent <= 100; percent++) {
    intake.push("stderr", `\r${percent}%|${"#".repeat(percent)}`);
    if (percent % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 30));
  }
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.length).toBeLessThan(50);
  intake.push("stderr", "\nsaved\n");
  intake.push("stdout", "loading");
  await waitFor("the word without a newline", () => lines.at(-1)?.text === "loading");
  intake.push("stdout", " done\n");
  intake.end();
  const screen = new Screen(100);
  for (const { stream, text } of lines) screen.write({ stream, text });
  const shown = screen.view().lines.map(({ spans }) => spans.map(({ text }) => text).join(""));
  expect(shown).toEqual([`100%|${"#".repeat(100)}`, "saved", "loading done"]);
});

test("colours stay", () => {
  const { intake, lines } = takeIn();
  intake.push("stdout", "\u001b[31mred\u001b[0m\n");
  expect(lines.map(({ text }) => text)).toEqual(["\u001b[31mred\u001b[0m\n"]);
});

test("a pattern reads metrics out of text, JSON lines stay what they are, and a name that was logged is remembered", () => {
  const patterns = openPatterns([
    "epoch (?P<step>\\d+): loss=(?P<loss>\\S+)",
    "lr (?<lr>[-+.0-9e]+)",
    "phase (?P<phase>\\w+)",
  ]);
  const { intake, points } = takeIn({ patterns });
  for (const line of [
    "epoch 3: loss=0.5 lr 1e-05",
    "nothing",
    '{"loss": 0.25, "step": 4}',
    "epoch 5: loss=nan",
    "phase warmup",
    `${"x".repeat(4_096)} lr 3`,
  ])
    intake.push("stdout", `${line}\n`);
  intake.push("stderr", "lr 7\n");
  expect(points.map(({ step, entries }) => [step, Object.fromEntries(entries)])).toEqual([
    [3, { loss: 0.5, lr: 0.00001 }],
    [4, { loss: 0.25 }],
    [5, { loss: "NaN" }],
    [5, { phase: "warmup" }],
  ]);
  expect([...intake.names]).toEqual(["loss", "lr", "phase"]);
});

test("a program that says where it resumed goes on behind that step; said too late it is ignored with a word", () => {
  const first = takeIn();
  first.intake.push("stdout", '{"resumed_from_step": 41}\n{"loss": 1}\n{"loss": 2}\n');
  expect(first.resumed).toEqual([41]);
  expect(first.points.map(({ step }) => step)).toEqual([42, 43]);
  const late = takeIn();
  late.intake.push(
    "stdout",
    '{"loss": 1}\n{"resumed_from_step": 41}\n{"resumed_from_step": 41, "loss": 2}\n',
  );
  expect(late.resumed).toEqual([]);
  expect(late.warnings).toEqual([expect.stringContaining("it must come first")]);
});
