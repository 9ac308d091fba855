import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ladder } from "@/agent/ladder";
import { Progress } from "@/agent/progress";
import type { Outcome } from "@/agent/run/live-run";
import { type WorkOptions, work } from "@/agent/worker";
import { openClient } from "@/client/client";
import { CreateSweep } from "@/graphql/operations";
import type { TestServer } from "./server";

type Door = Pick<TestServer, "url" | "key">;

/** A sweep whose program is the given text, run by `node -e`; parameters arrive in process.argv as `name=value`. */
export async function createSweep(
  server: Door,
  program: string,
  rest: Record<string, unknown> = {},
): Promise<string> {
  const client = openClient(server);
  const json = {
    method: "grid",
    metric: { name: "loss", goal: "minimize" },
    parameters: { a: { values: [1] } },
    command: [process.execPath, "-e", program, `\${args_no_hyphens}`],
    ...rest,
  };
  try {
    const { sweep } = await client.mutate(CreateSweep, {
      input: { source: JSON.stringify(json), project: "tests" },
    });
    if (!sweep) throw new Error("no sweep");
    return sweep.id;
  } finally {
    await client.close();
  }
}

export interface RunningAgent {
  readonly ladder: Ladder;
  /** What the terminal shows. */
  readonly lines: string[];
  readonly done: Promise<ReadonlyMap<Outcome, number>>;
}

/** An agent in this process, on a folder of its own, with quick heartbeats; ended with the test. */
export async function withAgent<T>(
  server: Door,
  sweepId: string,
  options: Partial<Omit<WorkOptions, "client" | "sweepId" | "ladder" | "progress">>,
  body: (agent: RunningAgent) => Promise<T>,
): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), "besom-agent-"));
  const client = openClient(server);
  const ladder = new Ladder();
  const lines: string[] = [];
  const done = work({
    client,
    sweepId,
    slots: 1,
    cwd,
    echo: false,
    ladder,
    progress: new Progress((line) => lines.push(line), false),
    version: "test",
    heartbeatMs: 200,
    ...options,
    env: {
      PATH: process.env.PATH,
      BESOM_API_KEY: server.key,
      WANDB_API_KEY: "users-own",
      BESOM_SPOOL_DIR: join(cwd, "spool"),
      ...options.env,
    },
  });
  done.catch(() => {});
  try {
    return await body({ ladder, lines, done });
  } finally {
    ladder.climbTo("killing");
    await done.catch(() => {});
    await client.close();
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** A file that a test makes to let a waiting training program go on. */
export function withGate<T>(body: (path: string, open: () => void) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "besom-gate-"));
  const path = join(dir, "gate");
  return body(path, () => writeFileSync(path, "")).finally(() => rmSync(dir, { recursive: true }));
}
