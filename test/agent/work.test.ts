import { expect, test } from "vitest";
import { parseJson } from "@/core/value";
import type { Database } from "@/db/client";
import { CancelSweep, LeaveAgent, ResumeSweep } from "@/graphql/operations";
import { waitFor } from "../support/recorder";
import { ask, type TestServer, withServer } from "../support/server";
import { createSweep, withAgent, withGate } from "../support/worker";

interface RunRow {
  id: number;
  state: string;
  reason: string | null;
  detail: string | null;
  exit: number | null;
  attempt: number;
  params: string;
  objective: number | null;
}

const runsOf = ({ sql }: Database, sweepId: string) => sql<RunRow[]>`
  select id, state, state_reason as reason, state_detail as detail, exit_code as exit, attempt,
    params::text as params, objective
  from runs where sweep_id = ${sweepId} order by id`;

async function outputOf({ sql }: Database, runId: number, stream: string): Promise<string> {
  const rows = await sql<{ text: string }[]>`
    select text from output_chunks where run_id = ${runId} and stream = ${stream} order by attempt, batch, at`;
  return rows.map(({ text }) => text).join("");
}

/** Steps and values as the API gives them back. */
async function lossOf(server: TestServer, runId: number): Promise<(readonly [number, number])[]> {
  const { run } = await ask<{ run: { history: { series: { points: Points | null }[] } } }>(server, HISTORY, {
    id: String(runId),
  });
  const { steps, values } = run.history.series[0]?.points ?? { steps: [], values: [] };
  return steps.map((step, i) => [step, values[i] ?? Number.NaN] as const);
}
interface Points {
  steps: number[];
  values: number[];
}
const HISTORY = /* GraphQL */ `query History($id: ID!) {
  run(id: $id) { history(keys: ["loss"], samples: 1500) { series { points { steps values } } } }
}`;

/** Prints five losses that depend on `a`. */
const TRAIN = `
const a = Number(process.argv[1].split("=")[1]);
for (let step = 0; step < 5; step++) console.log(JSON.stringify({ step, loss: a / (step + 1) }));
console.error("trained");`;

test.concurrent("a grid is run to its end on several slots: parameters arrive, metrics, output, exit code and objective are kept", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server, TRAIN, { parameters: { a: { values: [1, 2, 3, 4.5] } } });
    await withAgent(server, sweepId, { slots: 3 }, async ({ done, lines }) => {
      expect(await done).toEqual(new Map([["finished", 4]]));
      expect(lines.filter((line) => line.includes("first command"))).toEqual([
        expect.stringMatching(/first command: .*node -e '.*' a=1$/s),
      ]);
      expect(lines.at(-1)).toContain("4 finished, 0 running");
    });
    const runs = await runsOf(server.db, sweepId);
    expect(runs.map(({ state, exit, objective }) => [state, exit, objective])).toEqual(
      [1, 2, 3, 4.5].map((a) => ["finished", 0, a / 5]),
    );
    for (const { id, params } of runs) {
      const a = Number((parseJson(params) as { a: number }).a);
      expect(await lossOf(server, id)).toEqual([0, 1, 2, 3, 4].map((step) => [step, a / (step + 1)]));
      expect(await outputOf(server.db, id, "stderr")).toBe("trained\n");
      expect((await outputOf(server.db, id, "stdout")).split("\n").length).toBe(6);
    }
  });
});

test.concurrent("a child gets the key of its run and not the user's, its parameters in a file, and the agent's folder", async () => {
  const program = `
    const { BESOM_API_KEY, WANDB_API_KEY, BESOM_PARAMS_FILE, BESOM_URL, BESOM_RUN_ID, BESOM_ATTEMPT } = process.env;
    const params = require("fs").readFileSync(BESOM_PARAMS_FILE, "utf8");
    console.log(JSON.stringify({ cwd: process.cwd(), params, BESOM_API_KEY, WANDB_API_KEY, BESOM_RUN_ID, BESOM_ATTEMPT }));
    const query = 'mutation { heartbeat(input: { attempts: [{ runId: "' + BESOM_RUN_ID + '", attempt: 1 }] }) { leaseMs error { code } } }';
    fetch(BESOM_URL + "/graphql", { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer " + BESOM_API_KEY }, body: JSON.stringify({ query }) })
      .then((answer) => answer.text()).then((text) => console.error(text));`;
  await withServer(async (server) => {
    const sweepId = await createSweep(server, program, {
      parameters: { a: { values: [1.0] }, b: { value: "x" } },
    });
    await withAgent(server, sweepId, {}, async ({ done }) => void (await done));
    const [run] = await runsOf(server.db, sweepId);
    const facts = JSON.parse(await outputOf(server.db, run?.id ?? 0, "stdout"));
    expect(facts).toMatchObject({ BESOM_RUN_ID: String(run?.id), BESOM_ATTEMPT: "1" });
    expect(facts.cwd).toContain("besom-agent-");
    expect(facts.BESOM_API_KEY).toBe(facts.WANDB_API_KEY);
    expect(facts.BESOM_API_KEY).toMatch(/^besom-[0-9A-Za-z]{43}$/);
    expect(facts.BESOM_API_KEY).not.toBe(server.key);
    expect(parseJson(facts.params)).toEqual(parseJson(run?.params ?? ""));
    expect(await outputOf(server.db, run?.id ?? 0, "stderr")).toContain('"leaseMs":20000,"error":null');
  });
});

test.concurrent("the server learns which process a run became, and nothing of the values of environment variables", async () => {
  await withGate(async (gate, open) => {
    const program = `setInterval(() => { if (require("fs").existsSync(${JSON.stringify(gate)})) process.exit(0); }, 20);`;
    await withServer(async (server) => {
      const command = [process.execPath, "-e", program, `\${envvar:BESOM_API_KEY}`, `\${args_no_hyphens}`];
      const sweepId = await createSweep(server, program, { command });
      await withAgent(server, sweepId, {}, async ({ done }) => {
        const read = () => server.db.sql`select pid, command from attempts where pid is not null`;
        let rows = await read();
        while (rows.length === 0) rows = await read();
        expect(rows[0]?.command).toEqual([process.execPath, "-e", program, "$BESOM_API_KEY", "a=1"]);
        process.kill(rows[0]?.pid, 0);
        open();
        await done;
      });
    });
  });
});

test.concurrent("a failing run keeps its exit code and its last words, one ended by a signal the signal", async () => {
  const program = `
    const a = process.argv[1];
    if (a === "a=1") { console.error("Traceback"); console.error("ValueError: bad a"); process.exit(3); }
    if (a === "a=2") process.kill(process.pid, "SIGKILL");`;
  await withServer(async (server) => {
    const sweepId = await createSweep(server, program, { parameters: { a: { values: [1, 2, 3] } } });
    await withAgent(server, sweepId, {}, async ({ done, lines }) => {
      expect(await done).toEqual(
        new Map([
          ["failed", 2],
          ["finished", 1],
        ]),
      );
      expect(lines.join("\n")).toContain("    ValueError: bad a");
    });
    const [first, second, third] = await runsOf(server.db, sweepId);
    expect(first).toMatchObject({
      state: "failed",
      reason: "exit_code",
      exit: 3,
      detail: "exit code 3: ValueError: bad a",
    });
    expect(second).toMatchObject({ state: "failed", reason: "signal", exit: null });
    expect(second?.detail).toContain("SIGKILL");
    expect(third).toMatchObject({ state: "finished" });
  });
});

/** Saves when it is told to stop, and waits until then. */
const SAVING = `
process.on("SIGTERM", () => { console.log(JSON.stringify({ step: 9, loss: 0.125 })); process.exit(0); });
console.log(JSON.stringify({ step: 0, loss: 1 }));
setInterval(() => {}, 1000);`;
const STOP_RUN = "mutation Stop($id: ID!) { stopRun(input: { runId: $id }) { error { code } } }";

test.concurrent("a stop reaches the process, what it saves on the way out is kept, and the next run goes on", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server, SAVING, { parameters: { a: { values: [1, 2] } } });
    await withAgent(server, sweepId, {}, async ({ done, lines }) => {
      for (const started of [1, 2]) {
        await waitFor(`run ${started}'s first loss`, async () => {
          const runs = await runsOf(server.db, sweepId);
          return runs.filter(({ objective }) => objective !== null).length === started;
        });
        const run = (await runsOf(server.db, sweepId)).at(-1);
        await ask(server, STOP_RUN, { id: String(run?.id) });
        await waitFor("its end", () => lines.filter((line) => line.includes(" killed ")).length === started);
      }
      expect(await done).toEqual(new Map([["killed", 2]]));
    });
    const runs = await runsOf(server.db, sweepId);
    expect(runs.map(({ state, reason, objective }) => [state, reason, objective])).toEqual(
      [1, 2].map(() => ["killed", "stopped_by_user", 0.125]),
    );
  });
});

test.concurrent("a canceled sweep ends its processes, also those that won't, and its agent", async () => {
  const program = `process.on("SIGTERM", () => console.log("no")); console.log("up"); setInterval(() => {}, 1000);`;
  await withServer(async (server) => {
    const sweepId = await createSweep(server, program, { parameters: { a: { values: [1, 2, 3] } } });
    await withAgent(server, sweepId, { slots: 2, graceMs: 300 }, async ({ done, lines }) => {
      await waitFor("two runs", () => lines.filter((line) => line.includes(" started ")).length === 2);
      await ask(server, CancelSweep, { input: { sweepId } });
      expect(await done).toEqual(new Map([["killed", 2]]));
    });
    const runs = await runsOf(server.db, sweepId);
    expect(runs.filter(({ state }) => state === "killed").length).toBe(2);
    expect(runs.some(({ state }) => state === "running")).toBe(false);
  });
});

test.concurrent("an agent that is told to leave stops its runs and hands them back; another agent finishes them as a second attempt", async () => {
  await withGate(async (gate, open) => {
    const program = `
      console.log(JSON.stringify({ loss: 1 }));
      setInterval(() => { if (require("fs").existsSync(${JSON.stringify(gate)})) process.exit(0); }, 20);`;
    await withServer(async (server) => {
      const sweepId = await createSweep(server, program, { parameters: { a: { values: [1, 2] } } });
      await withAgent(server, sweepId, { slots: 2 }, async ({ ladder, done, lines }) => {
        await waitFor("two runs", () => lines.filter((line) => line.includes(" started ")).length === 2);
        ladder.terminate();
        expect(await done).toEqual(new Map([["preempted", 2]]));
      });
      expect((await runsOf(server.db, sweepId)).map(({ state }) => state)).toEqual(["pending", "pending"]);
      open();
      await withAgent(server, sweepId, { slots: 2 }, async ({ done }) => {
        expect(await done).toEqual(new Map([["finished", 2]]));
      });
      const runs = await runsOf(server.db, sweepId);
      expect(runs.map(({ state, attempt }) => [state, attempt])).toEqual([
        ["finished", 2],
        ["finished", 2],
      ]);
    });
  });
});

test.concurrent("the first Ctrl-C starts nothing new and lets runs finish", async () => {
  await withGate(async (gate, open) => {
    const program = `setInterval(() => { if (require("fs").existsSync(${JSON.stringify(gate)})) process.exit(0); }, 20);`;
    await withServer(async (server) => {
      const sweepId = await createSweep(server, program, { parameters: { a: { values: [1, 2, 3] } } });
      await withAgent(server, sweepId, {}, async ({ ladder, done, lines }) => {
        await waitFor("a run", () => lines.some((line) => line.includes(" started ")));
        ladder.interrupt();
        expect(lines.at(-1)).toContain("no new runs; 1 under way may finish");
        open();
        expect(await done).toEqual(new Map([["finished", 1]]));
      });
      expect((await runsOf(server.db, sweepId)).length).toBe(1);
    });
  });
});

test.concurrent("--count ends an agent after that many runs, and a paused sweep lets it wait", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server, TRAIN, { parameters: { a: { values: [1, 2, 3] } } });
    await withAgent(server, sweepId, { count: 2, slots: 5 }, async ({ done }) => {
      expect(await done).toEqual(new Map([["finished", 2]]));
    });
    await ask(server, "mutation Pause($id: ID!) { pauseSweep(input: { sweepId: $id }) { error { code } } }", {
      id: sweepId,
    });
    await withAgent(server, sweepId, {}, async ({ done, lines }) => {
      await waitFor("a word about the pause", () => lines.some((line) => line.includes("paused")));
      await ask(server, ResumeSweep, { input: { sweepId } });
      expect(await done).toEqual(new Map([["finished", 1]]));
    });
  });
});

test.concurrent("a command that can't be started hands its run back and ends the agent with the reason", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server, "", { command: ["no-such-program"] });
    await withAgent(server, sweepId, {}, async ({ done }) => {
      await expect(done).rejects.toMatchObject({ code: "COMMAND_NOT_STARTED" });
    });
    expect(await runsOf(server.db, sweepId)).toMatchObject([{ state: "pending", attempt: 1 }]);
  });
});

test.concurrent("an attempt that another has replaced is ended, and reports nothing", async () => {
  await withServer(async (server) => {
    const program = `
      if (process.env.BESOM_ATTEMPT === "2") process.exit(0);
      let step = 0;
      setInterval(() => console.log(JSON.stringify({ step: step++, loss: 5 })), 50);`;
    const sweepId = await createSweep(server, program);
    // An agent that doesn't beat, and that somebody else says goodbye for: as good as a lost lease, without the wait.
    await withAgent(server, sweepId, { heartbeatMs: 3_600_000 }, async ({ done, lines }) => {
      await waitFor("its start", () => lines.some((line) => line.includes(" started ")));
      const [agent] = await server.db.sql<
        { id: number }[]
      >`select id from agents where sweep_id = ${sweepId}`;
      await ask(server, LeaveAgent, { input: { agentId: String(agent?.id) } });
      await withAgent(server, sweepId, { count: 1 }, async (other) => {
        expect(await other.done).toEqual(new Map([["finished", 1]]));
      });
      await waitFor("the first attempt's end", () => lines.some((line) => line.includes(" stale ")));
      expect(await done.catch(({ code }) => code)).toBeDefined();
    });
    expect(await runsOf(server.db, sweepId)).toMatchObject([
      { state: "finished", attempt: 2, objective: null },
    ]);
  });
});
