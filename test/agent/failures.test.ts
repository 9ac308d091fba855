import { expect, test } from "vitest";
import { Failures } from "@/agent/failures";
import type { Outcome } from "@/agent/run/live-run";

const FINISHED = { outcome: "finished", exitCode: 0 } as const;
const FAILED = { outcome: "failed", exitCode: 1 } as const;
const KILLED = { outcome: "failed", exitCode: null } as const;
type One = { outcome: Outcome; exitCode: number | null };
const times = (count: number, one: One): One[] => Array.from({ length: count }, () => one);

/** After how many runs the agent leaves; undefined when it stays. */
function leavesAfter(failures: Failures, runs: readonly One[], laterMs = 0): number | undefined {
  const at = runs.findIndex((run) => failures.add(run, performance.now() + laterMs) !== undefined);
  return at === -1 ? undefined : at + 1;
}

test.each([
  ["three failures within a minute of the start, nothing finished", {}, times(3, FAILED), 0, 3],
  ["the same with one finished among them", {}, [FINISHED, ...times(3, FAILED)], 0, undefined],
  ["the same a minute later", {}, times(4, FAILED), 61_000, undefined],
  ["the same with the check off", { WANDB_AGENT_DISABLE_FLAPPING: "true" }, times(4, FAILED), 0, undefined],
  ["five failures at any time, with no more finished", {}, times(5, FAILED), 61_000, 5],
  ["five failures and five finished", {}, [...times(5, FINISHED), ...times(5, FAILED)], 61_000, 10],
  ["five failures and six finished", {}, [...times(6, FINISHED), ...times(5, FAILED)], 61_000, undefined],
  ["as many as a variable says", { WANDB_AGENT_MAX_INITIAL_FAILURES: "2" }, times(2, FAILED), 61_000, 2],
  ["killed by a signal: no exit code, no failure", {}, times(9, KILLED), 0, undefined],
  ["stopped and handed back", {}, times(9, { outcome: "preempted", exitCode: 143 }), 0, undefined],
] as const)("an agent leaves after %s", (_, env, runs, laterMs, after) => {
  expect(leavesAfter(new Failures(env), runs, laterMs)).toBe(after);
});

test("--max-consecutive-failures counts those by a signal too, at any time, and one that finished begins anew", () => {
  const env = { WANDB_AGENT_DISABLE_FLAPPING: "true", WANDB_AGENT_MAX_INITIAL_FAILURES: "100" };
  const runs = [
    FAILED,
    KILLED,
    FINISHED,
    KILLED,
    FAILED,
    { outcome: "killed", exitCode: 1 },
    KILLED,
  ] as const;
  expect(leavesAfter(new Failures(env, { inARow: 3 }), runs, 61_000)).toBe(7);
  expect(leavesAfter(new Failures(env, {}), runs, 61_000)).toBeUndefined();
});

test("a limit that is no number is refused by its name", () => {
  expect(() => new Failures({ WANDB_AGENT_MAX_INITIAL_FAILURES: "many" })).toThrow(
    /WANDB_AGENT_MAX_INITIAL_FAILURES is "many"/,
  );
});
