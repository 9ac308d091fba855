import { expect, test } from "vitest";
import { Ladder } from "@/agent/ladder";

test("three presses of Ctrl-C climb from finishing over stopping to killing, and no further", () => {
  const ladder = new Ladder();
  const seen: string[] = [];
  ladder.onClimb((stage) => seen.push(stage));
  for (const atMs of [1_000, 2_000, 3_000, 4_000]) ladder.interrupt(atMs);
  expect(seen).toEqual(["finishing", "stopping", "killing"]);
});

test("one press that arrives twice (from the terminal and from npx) is one press", () => {
  const ladder = new Ladder();
  ladder.interrupt(1_000);
  ladder.interrupt(1_020);
  expect(ladder.stage).toBe("finishing");
});

test("SIGTERM stops at once, a second one kills", () => {
  const ladder = new Ladder();
  ladder.terminate(1_000);
  expect(ladder.stage).toBe("stopping");
  ladder.terminate(2_000);
  expect(ladder.stage).toBe("killing");
});

test("a service manager's SIGTERM and SIGHUP are one wish, and no press of Ctrl-C before swallows it", () => {
  const ladder = new Ladder();
  ladder.hear("SIGINT", { nowMs: 1_000 });
  ladder.hear("SIGTERM", { nowMs: 1_100 });
  expect(ladder.stage).toBe("stopping");
  ladder.hear("SIGHUP", { nowMs: 1_150 });
  expect(ladder.stage).toBe("stopping");
});

test("nothing climbs down", () => {
  const ladder = new Ladder();
  ladder.climbTo("stopping");
  ladder.climbTo("finishing");
  expect(ladder.stage).toBe("stopping");
});

test("with signals passed on, SIGTERM climbs as Ctrl-C does, and others climb nothing", () => {
  const ladder = new Ladder();
  const heard: string[] = [];
  ladder.onSignal(({ signal, isForwarded, isTerminating }) =>
    heard.push(`${signal} ${isForwarded} ${isTerminating} ${ladder.stage}`),
  );
  ladder.hear("SIGUSR1", { nowMs: 1_000, forward: true });
  ladder.hear("SIGTERM", { nowMs: 1_100, forward: true });
  ladder.hear("SIGTERM", { nowMs: 1_200, forward: true });
  ladder.hear("SIGQUIT", { nowMs: 2_000, forward: true });
  expect(ladder.stage).toBe("stopping");
  expect(heard).toEqual([
    "SIGUSR1 true false working",
    "SIGTERM true true working",
    "SIGQUIT true true finishing",
  ]);
});
