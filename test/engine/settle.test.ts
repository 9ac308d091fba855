import fc from "fast-check";
import { expect, test } from "vitest";
import { FINISH_STATES } from "@/core/run";
import { SWEEP_STATES } from "@/core/sweep";
import { type Ending, type Facts, settle } from "@/engine/settle";

const endings = fc.constantFrom<Ending>(...FINISH_STATES, "expired", "silent", "agent_gone");
const facts: fc.Arbitrary<Facts> = fc.record({
  preempting: fc.boolean(),
  stopRequested: fc.constantFrom("stop" as const, "cancel" as const, "early" as const, null),
  sweepState: fc.constantFrom(...SWEEP_STATES, null),
  crashes: fc.nat(5),
  preemptions: fc.nat(5),
  retries: fc.nat(5),
  retryFailed: fc.boolean(),
});

test("no outcome leaves a run at work, and each counts what it is", () => {
  fc.assert(
    fc.property(endings, facts, (ending, given) => {
      const outcome = settle(ending, given);
      expect(["running", "preempting"]).not.toContain(outcome.runState);
      const counted = outcome.crashes - given.crashes + (outcome.preemptions - given.preemptions);
      expect(counted).toBeLessThanOrEqual(1);
      if (outcome.attemptState === "crashed") expect(outcome.crashes).toBe(given.crashes + 1);
      if (outcome.attemptState === "preempted") expect(outcome.preemptions).toBe(given.preemptions + 1);
    }),
  );
});

test("a run goes back only into a queue that somebody hands out, never after a stop, and not beyond its retries", () => {
  fc.assert(
    fc.property(endings, facts, (ending, given) => {
      const { runState, attemptState } = settle(ending, given);
      if (runState !== "pending") return;
      expect(["pending", "running", "paused"]).toContain(given.sweepState);
      expect(given.stopRequested).toBeNull();
      if (attemptState !== "preempted") expect(given.crashes).toBeLessThan(given.retries);
      if (attemptState === "failed") expect(given.retryFailed).toBe(true);
    }),
  );
});

test("a process that ended well has finished, whatever anybody wanted", () => {
  fc.assert(
    fc.property(facts, (given) => {
      expect(settle("finished", given)).toMatchObject({
        runState: "finished",
        attemptState: "finished",
        runReason: null,
      });
    }),
  );
});

test("a crash in a stopped sweep stays a crash, with the retry still counted as open", () => {
  const given: Facts = {
    preempting: false,
    stopRequested: null,
    sweepState: "finished",
    crashes: 0,
    preemptions: 0,
    retries: 1,
    retryFailed: false,
  };
  expect(settle("expired", given)).toMatchObject({
    runState: "crashed",
    crashes: 1,
    runReason: "lease_expired",
  });
  expect(settle("expired", { ...given, preempting: true })).toMatchObject({
    runState: "preempted",
    preemptions: 1,
  });
  expect(settle("expired", { ...given, sweepState: "canceled" })).toMatchObject({
    runState: "killed",
    runReason: "sweep_canceled",
  });
  expect(settle("crashed", { ...given, sweepState: null })).toMatchObject({ runState: "crashed" });
});
