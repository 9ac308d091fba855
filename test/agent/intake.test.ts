import { expect, test } from "vitest";
import { Intake } from "@/agent/intake";
import type { Point } from "@/client/columns";
import type { OutputLine } from "@/graphql/operations";

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
    [3, [["loss", 0.25]]],
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

test("steps count up from 0 where none is given; one that goes back is told once and not kept", () => {
  const { intake, points, warnings } = takeIn();
  for (const line of [
    '{"a":1}',
    '{"a":2}',
    '{"step":10,"a":3}',
    '{"step":10,"b":4}',
    '{"step":4,"a":5}',
    '{"step":5,"a":6}',
    '{"a":7}',
  ])
    intake.push("stdout", `${line}\n`);
  expect(points.map(({ step }) => step)).toEqual([0, 1, 10, 10, 11]);
  expect(warnings).toEqual([
    "metrics of step 4 came after a later step and are not kept: steps must go forward",
  ]);
});

test("output beyond the bound is not stored and says so once; metrics go on", () => {
  const { intake, points, lines } = takeIn(100);
  for (let i = 0; i < 50; i++) intake.push("stdout", `{"loss": ${i}}\n`);
  expect(points.length).toBe(50);
  expect(lines.at(-1)?.text).toBe("besom: output beyond 100 characters is not stored\n");
  expect(lines.length).toBeLessThan(12);
});
