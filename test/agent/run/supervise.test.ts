import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isGroupAlive } from "@/agent/run/group";
import { Janitor } from "@/agent/run/janitor";
import { type Child, startChild } from "@/agent/run/supervise";
import { waitFor } from "../../support/recorder";

interface Scene {
  child: Child;
  printed: { stdout: string; stderr: string };
}

/** Starts a Node program given as text, hands it to `body`, and sees that its group is gone afterwards. */
async function withChild(
  source: string,
  body: (scene: Scene) => Promise<void>,
  graceMs = 10_000,
): Promise<void> {
  await withCommand([process.execPath, "-e", source], body, graceMs);
}

async function withCommand(
  argv: string[],
  body: (scene: Scene) => Promise<void>,
  graceMs = 10_000,
): Promise<void> {
  const janitor = new Janitor(() => {});
  const printed = { stdout: "", stderr: "" };
  try {
    const child = await startChild({
      argv,
      cwd: process.cwd(),
      env: { PATH: process.env.PATH ?? "", [janitor.mark.name]: janitor.mark.value },
      janitor,
      graceMs,
      onOutput: (stream, text) => {
        printed[stream] += text;
      },
    });
    try {
      await body({ child, printed });
    } finally {
      child.kill();
      await child.exited;
      expect(isGroupAlive(child.pid)).toBe(false);
    }
  } finally {
    janitor.close();
  }
}

const isAlive = (pid: number) => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

test("everything that was printed is read before the end is told, standard input is empty, words are passed as they are", async () => {
  const source = `
    process.stdin.on("data", () => console.log("input?")).on("end", () => {
      console.log("ended " + process.argv[1]);
      process.stdout.write("é".repeat(200000));
      console.error("to stderr");
      process.exitCode = 7;
    });`;
  await withCommand([process.execPath, "-e", source, "$HOME; `id` 'q'"], async ({ child, printed }) => {
    expect(await child.exited).toEqual({ code: 7, signal: null });
    expect(printed.stdout).toBe(`ended $HOME; \`id\` 'q'\n${"é".repeat(200_000)}`);
    expect(printed.stderr).toBe("to stderr\n");
  });
});

test("stop asks with SIGTERM, and a program that saves its work is let finish", async () => {
  const source = `process.on("SIGTERM", () => { console.log("saved"); process.exit(0); }); setInterval(() => {}, 1000); console.log("up")`;
  await withChild(source, async ({ child, printed }) => {
    await waitFor("its start", () => printed.stdout.includes("up"));
    child.stop();
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(printed.stdout).toBe("up\nsaved\n");
  });
});

test("what ignores SIGTERM gets SIGKILL after the grace, its own children too", async () => {
  const source = `
    process.on("SIGTERM", () => console.log("no"));
    const inner = require("child_process").spawn(process.execPath, ["-e", 'process.on("SIGTERM", () => {}); console.log("inner " + process.pid); setInterval(() => {}, 1000)'], { stdio: "inherit" });
    setInterval(() => {}, 1000);`;
  await withChild(
    source,
    async ({ child, printed }) => {
      await waitFor("the inner process", () => /inner \d+/.test(printed.stdout));
      const inner = Number(/inner (\d+)/.exec(printed.stdout)?.[1]);
      const startMs = performance.now();
      child.stop();
      expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(290);
      expect(isAlive(inner)).toBe(false);
    },
    300,
  );
});

test("what a program leaves behind in its group is ended too, and does not hold up its end for long", async () => {
  const source = `
    require("child_process").spawn("sleep", ["1000"], { stdio: "inherit" }).on("spawn", () => process.exit(0));`;
  await withChild(source, async ({ child }) => {
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});

test("a suspended program can be stopped", async () => {
  await withCommand(["sleep", "1000"], async ({ child }) => {
    process.kill(child.pid, "SIGSTOP");
    child.stop();
    expect(await child.exited).toEqual({ code: null, signal: "SIGTERM" });
  });
});

test.runIf(process.platform === "linux")(
  "what a program leaves behind in a session of its own is ended with it, and doesn't hold up its end",
  async () => {
    const source = `
      const daemon = require("child_process").spawn("sleep", ["1000"], { detached: true, stdio: "inherit" });
      daemon.on("spawn", () => { console.log("daemon " + daemon.pid); process.exit(0); });`;
    await withChild(source, async ({ child, printed }) => {
      const startMs = performance.now();
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(performance.now() - startMs).toBeLessThan(20_000);
      const [daemon = 0] = pidsIn(printed.stdout);
      expect(daemon).toBeGreaterThan(0);
      await waitFor("its end", () => !isAlive(daemon));
    });
  },
);

test("what was printed last is read, also when we are busy for longer than it is waited for", async () => {
  const source = `process.stdout.write("x".repeat(60_000), () => process.stdout.write("last"));`;
  await withChild(source, async ({ child, printed }) => {
    const busy = setInterval(() => {
      const untilMs = performance.now() + 1_100;
      while (performance.now() < untilMs);
    }, 1);
    await child.exited.finally(() => clearInterval(busy));
    expect(printed.stdout.length).toBe(60_004);
  });
});

test("a program whose output is held waits, and goes on; on its way out it doesn't have to", async () => {
  const source = `
    let count = 0;
    const more = () => process.stdout.write("x".repeat(100_000), () => ++count < 100 && more());
    more();
    process.on("SIGTERM", () => process.stdout.write("saved", () => process.exit(0)));
    setInterval(() => {}, 1000);`;
  await withChild(source, async ({ child, printed }) => {
    child.holdOutput(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(printed.stdout.length).toBeLessThan(1_000_000);
    child.holdOutput(false);
    await waitFor("all of it", () => printed.stdout.length === 10_000_000);
    child.holdOutput(true);
    child.stop();
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(printed.stdout.endsWith("saved")).toBe(true);
  });
});

test.each([
  [["no-such-program-here"], /there is no program "no-such-program-here"/],
  [["/etc/passwd"], /"\/etc\/passwd" may not be run/],
  [[], /the sweep's command is empty/],
])("a command that can't be started says why: %j", async (argv, message) => {
  await expect(withCommand(argv, async () => {})).rejects.toMatchObject({
    code: "COMMAND_NOT_STARTED",
    message: expect.stringMatching(message),
  });
});

/** A stand-in for an agent: starts one program under the janitor and tells the numbers. */
const HOLDER = fileURLToPath(new URL("../../support/holder.ts", import.meta.url));

test.runIf(process.platform === "linux")(
  "an agent that is killed with SIGKILL leaves no process behind: no child, no grandchild, none that made its own session",
  async () => {
    const holder = spawn(process.execPath, ["--import", "tsx", HOLDER], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    holder.stdout.on("data", (bytes) => {
      printed += bytes;
    });
    await waitFor("three processes", () => pidsIn(printed).length === 3);
    const pids = pidsIn(printed);
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    const folder = /folder (.*)/.exec(printed)?.[1] ?? "";
    expect(existsSync(folder)).toBe(true);
    holder.kill("SIGKILL");
    await waitFor("their end", () => !pids.some(isAlive), 5_000);
    await waitFor("the end of the runs' files", () => !existsSync(folder), 5_000);
  },
);

test.runIf(process.platform === "linux")(
  "a janitor that somebody kills is replaced, and knows what lives",
  async () => {
    const holder = spawn(process.execPath, ["--import", "tsx", HOLDER], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    holder.stdout.on("data", (bytes) => {
      printed += bytes;
    });
    await waitFor("three processes", () => pidsIn(printed).length === 3);
    const janitor = () =>
      childrenOf(holder.pid ?? 0).find((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("janitor"),
      );
    const first = janitor();
    process.kill(first ?? 0, "SIGKILL");
    await waitFor("another janitor", () => janitor() !== undefined && janitor() !== first);
    const pids = pidsIn(printed);
    const folder = /folder (.*)/.exec(printed)?.[1] ?? "";
    expect(existsSync(folder)).toBe(true);
    holder.kill("SIGKILL");
    await waitFor("their end", () => !pids.some(isAlive), 5_000);
    await waitFor("the end of the runs' files", () => !existsSync(folder), 5_000);
  },
);

/** Of the lines `child 12`, `inner 13`, `daemon 14`. */
const pidsIn = (text: string): number[] => [...text.matchAll(/\w+ (\d+)\n/g)].map(([, pid]) => Number(pid));

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
