import { expect, test } from "vitest";
import { Failures } from "@/agent/failures";
import { toVerdict } from "@/agent/run/verdict";

test("exit code 0 is finished, another failed with the last words on stderr", () => {
  expect(toVerdict({ code: 0, signal: null }, undefined)).toEqual({ state: "finished", exitCode: 0 });
  expect(toVerdict({ code: 3, signal: null }, undefined, "ValueError: bad lr")).toEqual({
    state: "failed",
    reason: "exit_code",
    exitCode: 3,
    detail: "exit code 3: ValueError: bad lr",
  });
});

test("a signal that nobody here sent is a failure; SIGKILL names the usual cause", () => {
  expect(toVerdict({ code: null, signal: "SIGSEGV" }, undefined)).toMatchObject({
    state: "failed",
    reason: "signal",
    detail: "ended by SIGSEGV",
  });
  expect(toVerdict({ code: null, signal: "SIGKILL" }, undefined).detail).toContain("out of memory");
});

test("what we stopped is killed, however it ended; what we had to leave goes back", () => {
  for (const exit of [
    { code: 0, signal: null },
    { code: 143, signal: null },
    { code: null, signal: "SIGTERM" as const },
  ]) {
    expect(toVerdict(exit, "stopped")).toMatchObject({ state: "killed", reason: "stopped_by_user" });
    expect(toVerdict(exit, "canceled")).toMatchObject({ state: "killed", reason: "sweep_canceled" });
    expect(toVerdict(exit, "leaving")).toMatchObject({ state: "preempted", reason: "agent_gone" });
  }
});

test("three failures within a minute of the start end an agent that has finished nothing", () => {
  const failures = new Failures({});
  expect(failures.add("failed")).toBeUndefined();
  expect(failures.add("failed")).toBeUndefined();
  expect(failures.add("failed")).toMatchObject({ code: "FAILING_AT_ONCE" });
});

test.each([
  ["one run finished", {}, ["finished", "failed", "failed", "failed"], 0],
  ["it is later than a minute", {}, ["failed", "failed", "failed"], 61_000],
  ["the check is off", { WANDB_AGENT_DISABLE_FLAPPING: "true" }, ["failed", "failed", "failed"], 0],
  ["they were stopped", {}, ["killed", "preempted", "stale"], 0],
] as const)("failures don't end an agent when %s", (_, env, outcomes, laterMs) => {
  const failures = new Failures(env);
  for (const outcome of outcomes) expect(failures.add(outcome, performance.now() + laterMs)).toBeUndefined();
});
