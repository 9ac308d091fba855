import { expect, test } from "vitest";
import { groupFailures } from "@/app/_lib/failure-groups";
import { narrowFile } from "@/app/_lib/narrow-file";
import { toShellLine } from "@/app/_lib/shell";
import { parseSweepConfig } from "@/core/sweep-config";
import type { FailedRun } from "@/graphql/operations/failures";

const failed = (id: string, text: string, more: Partial<FailedRun> = {}): FailedRun => ({
  id,
  name: id,
  displayName: `run ${id}`,
  state: "failed",
  stateReason: "exit_code",
  stateDetail: null,
  exitCode: 1,
  finishedAt: null,
  output: { nodes: text === "" ? [] : [{ stream: "stderr", text, time: 0, attempt: 1 }] },
  ...more,
});

test("runs that failed with the same words stand together, numbers apart, the most frequent first", () => {
  const groups = groupFailures([
    failed("1", "Traceback\nKeyError: 'x'\n"),
    failed("2", "epoch 3\nCUDA out of memory: 120 MB at 0x7ff\n"),
    failed("3", "epoch 9\nCUDA out of memory: 8 MB at 0xab1\n\n"),
    failed("4", "", { exitCode: 7 }),
  ]);
  expect(groups.map(({ line, runs }) => [line, runs.length])).toEqual([
    ["CUDA out of memory: 120 MB at 0x7ff", 2],
    ["KeyError: 'x'", 1],
    ["Exit code 7, without a word", 1],
  ]);
  expect(groups[0]?.lines).toEqual(["epoch 3", "CUDA out of memory: 120 MB at 0x7ff"]);
});

test("a command line is quoted as a shell needs it", () => {
  expect(toShellLine(["python", "train.py", "--name=it's here", "--lr=1e-05"])).toBe(
    `python train.py '--name=it'\\''s here' --lr=1e-05`,
  );
});

test("a file is narrowed to what the chosen runs span, comments and all else stay", () => {
  const source = `# mine
method: bayes
metric: {name: loss}
parameters:
  lr: {distribution: log_uniform_values, min: 0.0001, max: 1.0} # wide
  layers:
    min: 1
    max: 9
  opt:
    parameters:
      kind: {values: [a, b, c]}
  fixed: {value: 3}
`;
  const runs = [
    `{"lr": 0.01, "layers": 2, "opt": {"kind": "a"}, "fixed": 3}`,
    `{"lr": 0.1, "layers": 4, "opt": {"kind": "c"}, "fixed": 3}`,
  ];
  const narrowed = narrowFile(source, runs);
  const { config, errors } = parseSweepConfig(narrowed);
  expect(errors).toEqual([]);
  expect(config?.parameters.get("lr")).toMatchObject({ kind: "log_uniform_values", min: 0.01, max: 0.1 });
  expect(config?.parameters.get("layers")).toMatchObject({ kind: "int_uniform", min: 2, max: 4 });
  expect(narrowed).toContain("# mine");
  expect(narrowed).toContain("# wide");
  expect(narrowed).toContain("[a, c]");
  expect(narrowFile(source, [])).toBe(source);
});
