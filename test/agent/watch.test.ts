import { spawn } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countCells } from "@/agent/cells";
import { cut, draw, share } from "@/agent/watch/picture";
import type { WatchedRun, WatchedSweep } from "@/graphql/operations";
import { withServer } from "../support/server";
import { createSweep, withAgent } from "../support/worker";

const NOW = Date.parse("2026-01-01T00:10:00Z");
const run = (displayName: string, more: Partial<WatchedRun> = {}): WatchedRun => ({
  displayName,
  state: "running",
  params: '{"lr": 0.1, "net": {"layers": [64, 32]}, "bias": true}',
  objective: 0.25,
  startedAt: "2026-01-01T00:08:00Z",
  finishedAt: null,
  ...more,
});
const counts = {
  total: 9,
  pending: 0,
  running: 2,
  finished: 5,
  failed: 1,
  crashed: 0,
  killed: 0,
  preempting: 0,
  preempted: 0,
};
const sweep: WatchedSweep = {
  id: "abcdefgh",
  name: "digits",
  url: "http://localhost:3000/me/p/sweeps/abcdefgh",
  method: "bayes",
  state: "running",
  stateReason: null,
  size: null,
  runCap: 20,
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: null,
  metric: { name: "loss", goal: "minimize" },
  counts,
  bestRun: run("calm-sweep-3", { state: "finished", objective: 0.125 }),
  agents: [
    { host: "node1", slots: 2, state: "alive", currentRuns: [{ id: "1" }], runsDone: 6, runsFailed: 1 },
  ],
  running: { totalCount: 2, nodes: [run("a-sweep-8"), run("b-sweep-9", { objective: null })] },
  ended: {
    totalCount: 6,
    nodes: [run("c-sweep-7", { state: "failed", finishedAt: "2026-01-01T00:09:00Z" })],
  },
};
const frame = { sweep, nowMs: NOW, width: 100, height: 24, color: false, hint: "q leaves" };

test("the picture has progress with pace and time left, the best run, agents, runs under way and those that ended", () => {
  expect(draw(frame)).toEqual([
    "digits  running  bayes",
    "http://localhost:3000/me/p/sweeps/abcdefgh",
    "",
    `${"█".repeat(9)}${"░".repeat(24)}  6 of 20   2 running   1 failed   0.6 runs/min, 23 min 20 s left`,
    "best loss 0.125  calm-sweep-3  lr=0.1 net.layers=[64, 32] bias=True",
    "",
    "1 agent",
    "  node1  1 of 2 slots  6 done  1 failed",
    "",
    "2 under way",
    "  a-sweep-8    2 min 00 s        0.25  lr=0.1 net.layers=[64, 32] bias=True",
    "  b-sweep-9    2 min 00 s              lr=0.1 net.layers=[64, 32] bias=True",
    "",
    "6 ended last",
    "  c-sweep-7  failed      1 min 00 s        0.25  lr=0.1 net.layers=[64, 32] bias=True",
    "",
    "q leaves",
  ]);
});

test("whatever the terminal's size and the sweep, the picture fits into it, colours closed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 300 }),
      fc.integer({ min: 8, max: 80 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      fc.boolean(),
      (width, height, agents, running, color) => {
        const [agent] = sweep.agents;
        const full = {
          ...sweep,
          agents: agent ? Array.from({ length: agents }, () => agent) : [],
          running: { totalCount: running, nodes: Array.from({ length: running }, () => run("x".repeat(30))) },
        };
        const lines = draw({ ...frame, sweep: full, width, height, color, trouble: "the server is away" });
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) {
          expect(bare(line).length, line).toBeLessThanOrEqual(width);
          expect(line.match(COLORS)?.at(-1) ?? RESET, line).toBe(RESET);
        }
      },
    ),
  );
});

test("nothing that others named is obeyed by the terminal, and wide letters take the cells that they take", () => {
  const hostile = "\x1b]0;pwned\x07\x1b[2J\r\n\u009b2J\u202e";
  const evil: WatchedSweep = {
    ...sweep,
    name: hostile,
    state: "running",
    stateReason: hostile,
    metric: { name: hostile, goal: "minimize" },
    agents: sweep.agents.map((agent) => ({ ...agent, host: hostile })),
    bestRun: run(hostile, { params: JSON.stringify({ [hostile]: hostile }) }),
    running: { totalCount: 2, nodes: [run("日本語の名前"), run("e\u0301")] },
  };
  const lines = draw({ ...frame, sweep: evil, trouble: hostile });
  for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(lines[0]).toContain("␛]0;pwned␇␛[2J␍␊");
  const row = (name: string) => lines.find((line) => line.includes(name)) ?? "";
  // Six letters of two cells, and one of one with a mark upon it.
  expect(countCells(row("日本語").split("2 min")[0] ?? "")).toBe(
    countCells(row("e\u0301").split("2 min")[0] ?? ""),
  );
  expect(cut("日本語の名前", 6)).toBe("日本…");
  expect(cut("日本語", 6)).toBe("日本語");
});

test("lines of a screen are shared fairly, and none is wasted while anybody wants one", () => {
  expect(share(10, [2, 20, 20])).toEqual([2, 4, 4]);
  expect(share(3, [1, 1])).toEqual([1, 1]);
  fc.assert(
    fc.property(fc.nat(50), fc.array(fc.nat(40), { minLength: 1, maxLength: 5 }), (room, wanted) => {
      const given = share(room, wanted);
      const total = wanted.reduce((sum, want) => sum + want, 0);
      expect(given.reduce((sum, got) => sum + got, 0)).toBe(Math.min(room, total));
      for (const [i, got] of given.entries()) expect(got).toBeLessThanOrEqual(wanted[i] ?? 0);
    }),
  );
});

test("a line is cut at the width that is seen", () => {
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdef", 4)).toBe("abc…");
  expect(cut("\x1b[1mabcdef\x1b[0m", 4)).toBe("\x1b[1mabc…\x1b[0m");
  expect(cut("\x1b[1mabcd\x1b[0m", 4)).toBe("\x1b[1mabcd\x1b[0m");
});

test("in a real terminal it takes the screen while the sweep runs, gives it back, and leaves the last picture", async () => {
  await withServer(async (server) => {
    const program = "setTimeout(() => console.log(JSON.stringify({ loss: 1 })), 2000)";
    const sweepId = await createSweep(server, program);
    const shown = await withAgent(server, sweepId, {}, async ({ done }) => {
      const text = await inTerminal(["watch", sweepId], server);
      await done;
      return text;
    });
    const [before = "", after = ""] = shown.split("\x1b[?1049l");
    expect(before).toContain("\x1b[?1049h");
    expect(before).toContain("1 under way");
    expect(bare(after)).toMatch(/finished \(exhausted\) {2}grid/);
    expect(bare(after)).toContain("1 of 1");
  });
});

const RESET = "\x1b[0m";
// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours are made of.
const COLORS = /\x1b\[\d+m/g;
const bare = (text: string): string => text.replace(COLORS, "");

/** In a pseudo-terminal, which `script` (bsdutils) makes. */
function inTerminal(words: readonly string[], { url, key }: { url: string; key: string }): Promise<string> {
  const entry = join(import.meta.dirname, "../../agent/index.ts");
  const command = [process.execPath, "--import", "tsx", entry, ...words].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", command, "/dev/null"], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...process.env, BESOM_URL: url, BESOM_API_KEY: key, TERM: "xterm", COLUMNS: "", LINES: "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(text));
  });
}
