import { expect, test } from "vitest";
import { Intake } from "@/agent/output/intake";
import { MAX_HELD, Readings } from "@/agent/output/readings";
import type { Point } from "@/client/columns";
import type { OutputLine } from "@/graphql/operations";
import { waitFor } from "../../support/recorder";

function takeIn(maxOutputBytes?: number) {
  const points: Point[] = [];
  const lines: OutputLine[] = [];
  const warnings: string[] = [];
  const intake = new Intake({
    delivery: { log: (point) => points.push(point), print: (line) => lines.push(line) },
    metric: { name: "loss", goal: "minimize" },
    onWarning: (message) => warnings.push(message),
    ...(maxOutputBytes !== undefined && { maxOutputBytes }),
  });
  return { intake, points, lines, warnings };
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
    "metrics of step 4 came after a later step and are not kept: steps must go forward",
  ]);
});

test("output beyond the bound is not stored and says so once; metrics go on", () => {
  const { intake, points, lines } = takeIn(100);
  for (let i = 0; i < 50; i++) intake.push("stdout", `{"loss": ${i}}\n`);
  intake.end();
  expect(points.length).toBe(50);
  expect(lines.at(-1)?.text).toBe("besom: output beyond 100 characters is not stored\n");
  expect(lines.length).toBeLessThan(12);
});
