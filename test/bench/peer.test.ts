import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { converse, PeerGone } from "@/bench/search/conversation";
import { openPeer } from "@/bench/search/peer";
import { toPeerSpace } from "@/bench/search/space";
import { toConfig } from "@/bench/search/task";
import { openDomain } from "@/compute/search/domain";
import { simulate } from "@/compute/search/simulate";

const PLAIN = join(import.meta.dirname, "../../bench/search/peers/plain_engine.py");
const folder = mkdtempSync(join(tmpdir(), "besom-peer-test-"));
const log = join(folder, "log");
afterAll(() => rmSync(folder, { recursive: true }));

const hasPython = (() => {
  try {
    execFileSync("python3", ["--version"]);
    return true;
  } catch {
    console.warn("NO python3 HERE: peers of npm run bench:search are not tested");
    return false;
  }
})();

const config = toConfig(
  {
    lr: { distribution: "log_uniform_values", min: 1e-5, max: 1 },
    width: { distribution: "q_log_uniform_values", min: 16, max: 256, q: 1 },
    layers: { distribution: "int_uniform", min: 1, max: 4 },
    dropout: { distribution: "uniform", min: 0, max: 0.5 },
    batch: { values: [16, 32, 64.5] },
    optimizer: { values: ["adam", "sgd"] },
    momentum: { distribution: "uniform", min: 0, max: 1, when: { optimizer: "sgd" } },
  },
  40,
);
const problem = { config, seed: "1" };

test("a space is told with what others depend on first, lists of numbers in order and the rest as categories", () => {
  const space = toPeerSpace(config);
  const order = space.map(({ name }) => name);
  expect(order.indexOf("optimizer")).toBeLessThan(order.indexOf("momentum"));
  expect(Object.fromEntries(space.map(({ name, kind }) => [name, kind]))).toEqual({
    batch: "ordinal",
    dropout: "float",
    layers: "integer",
    lr: "float",
    momentum: "float",
    optimizer: "category",
    width: "integer",
  });
  expect(space.find(({ name }) => name === "momentum")?.when).toEqual({ on: "optimizer", in: [1] });
});

describe.skipIf(!hasPython)("a Python program behind two pipes", () => {
  test("plays a search of eight agents with runs that fail and are lost, each proposal in the space, the same again", () => {
    const conversation = converse("python3", [PLAIN], log);
    const domain = openDomain(config);
    const play = () =>
      simulate(
        openPeer(conversation, problem, { seed: 5, evaluations: 40, agents: 8 }),
        (_, draw) => ({ objectives: [draw(0)] }),
        { agents: 8, runs: 40, seed: "1", failing: 0.2, losing: 0.2 },
      );
    const first = play();
    expect(first.proposals).toHaveLength(40);
    expect(new Set(first.proposals.map(({ hash }) => hash)).size).toBe(40);
    for (const { params, hash } of first.proposals) {
      expect(domain.read(params)?.hash).toBe(hash);
      expect("momentum" in params).toBe(params.optimizer === "sgd");
    }
    expect(first.happenings.some(({ event }) => event.type === "failed")).toBe(true);
    expect(play().proposals).toEqual(first.proposals);
    expect(conversation.cpu).toBeGreaterThan(0);
    conversation.close();
  });

  test("answers an exception with its words and goes on", () => {
    const conversation = converse("python3", [PLAIN], log);
    expect(() => conversation.ask({ verb: "ask", number: 0 })).toThrow("KeyError");
    const search = openPeer(conversation, problem, { seed: 1, evaluations: 1, agents: 1 });
    expect(search.propose(1)).toHaveLength(1);
    conversation.close();
  });

  test("that ends in the middle, or never began, is gone and says where its words are", () => {
    const dying = join(folder, "dying.py");
    writeFileSync(dying, "import sys\nsys.stdin.readline()\nsys.exit('out of breath')\n");
    const conversation = converse("python3", [dying], log);
    expect(() => conversation.ask({ verb: "begin" })).toThrow(PeerGone);
    expect(() => conversation.ask({ verb: "begin" })).toThrow(PeerGone);
    expect(readFileSync(log, "utf8")).toContain("out of breath");
    conversation.close();
    expect(() => converse("/no/such/python", [PLAIN], log).ask({ verb: "begin" })).toThrow(PeerGone);
  });

  test("ends a search that takes more processor time than it may", () => {
    const spinning = join(folder, "spinning.py");
    const protocol = join(import.meta.dirname, "../../bench/search/peers");
    writeFileSync(
      spinning,
      `import sys\nsys.path.insert(0, ${JSON.stringify(protocol)})\nfrom protocol import serve_peer\nclass Peer:\n    def ask(self):\n        while True: pass\nserve_peer(lambda *world: Peer())\n`,
    );
    const conversation = converse("python3", [spinning], log);
    const world = { space: [], seed: 1, evaluations: 1, agents: 1 };
    conversation.ask({ verb: "begin", ...world, seconds: 1 });
    expect(() => conversation.ask({ verb: "ask", number: 0 })).toThrow(PeerGone);
    conversation.close();
  });
});
