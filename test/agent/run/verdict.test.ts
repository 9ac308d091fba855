import { expect, test } from "vitest";
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
