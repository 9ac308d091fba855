import { expect, test } from "vitest";
import { MarkPreempting, ResetMachine } from "@/graphql/operations";
import { waitFor } from "../support/recorder";
import { ask, sharedServer, type TestServer } from "../support/server";
import { createSweep, withAgent } from "../support/worker";

const server = sharedServer();

interface Run {
  state: string;
  reason: string | null;
  attempt: number;
}
const runsOf = ({ db }: TestServer, sweepId: string) => db.sql<(Run & { id: number })[]>`
  select id, state, state_reason as reason, attempt from runs where sweep_id = ${sweepId} order by id`;

/** Says the moment in which it was told to stop, saves, and ends. */
const SAVING = `
process.on("SIGTERM", () => { console.log("saved", Date.now()); process.exit(0); });
console.log(JSON.stringify({ step: 0, loss: 1 }));
setInterval(() => {}, 1000);`;
const isUp = (lines: readonly string[], count = 1) =>
  lines.filter((line) => line.includes(" started ")).length === count;

test.concurrent("a stop reaches the program within two seconds though the agent beats each hour only, and what it prints is kept", async () => {
  const sweepId = await createSweep(server(), SAVING);
  await withAgent(server(), sweepId, { heartbeatMs: 3_600_000, count: 1 }, async ({ done }) => {
    await waitFor("its first loss", async () => {
      const [row] = await server().db.sql`select 1 from runs where sweep_id = ${sweepId} and objective = 1`;
      return row !== undefined;
    });
    const [run] = await runsOf(server(), sweepId);
    const askedMs = Date.now();
    await ask(server(), "mutation Stop($id: ID!) { stopRun(input: { runId: $id }) { error { code } } }", {
      id: String(run?.id),
    });
    expect(await done).toEqual(new Map([["killed", 1]]));
    const [{ text = "" } = {}] = await server().db.sql<{ text: string }[]>`
      select string_agg(text, '' order by batch) as text from output_chunks where run_id = ${run?.id ?? 0}`;
    const [, saved] = /saved (\d+)\n/.exec(text) ?? [];
    expect(Number(saved) - askedMs).toBeGreaterThan(0);
    expect(Number(saved) - askedMs).toBeLessThan(2_000);
  });
});

const agentOf = async (sweepId: string) =>
  String((await server().db.sql`select id from agents where sweep_id = ${sweepId}`)[0]?.id);

test.concurrent("an agent that is drained takes no more and lets its run end; one that is stopped hands it back", async () => {
  for (const [verb, outcome] of [
    ["drainAgent", "finished"],
    ["stopAgent", "preempted"],
  ] as const) {
    const program = `setTimeout(() => {}, 2500); console.log("up"); process.on("SIGTERM", () => process.exit(1));`;
    const sweepId = await createSweep(server(), program, { parameters: { a: { values: [1, 2, 3] } } });
    await withAgent(server(), sweepId, {}, async ({ done, lines }) => {
      await waitFor("a run", () => isUp(lines));
      await ask(server(), `mutation Wish($id: ID!) { ${verb}(input: { agentId: $id }) { error { code } } }`, {
        id: await agentOf(sweepId),
      });
      expect(await done).toEqual(new Map([[outcome, 1]]));
      expect(lines.join("\n")).toContain("somebody asked this agent to");
    });
    expect((await runsOf(server(), sweepId)).length).toBe(1);
  }
});

test.concurrent("a machine whose runs all fail is put in quarantine: its agent says the way out and leaves; lifted, it works again", async () => {
  const program = `process.exit(process.env.BROKEN ? 3 : 0)`;
  const sweepId = await createSweep(server(), program, {
    parameters: { a: { values: [1, 2, 3, 4, 5, 6] } },
    quarantine_after: 2,
  });
  const env = { BROKEN: "1", WANDB_AGENT_DISABLE_FLAPPING: "true" };
  await withAgent(server(), sweepId, { env }, async ({ done, lines }) => {
    await expect(done).rejects.toMatchObject({ code: "FAILING_AT_ONCE" });
    expect(lines.join("\n")).toContain(`besom agent ${sweepId} --reset`);
  });
  const [machine] = await server().db.sql<{ host: string }[]>`
    select host from machines where sweep_id = ${sweepId} and quarantined_at is not null`;
  await ask(server(), ResetMachine, { input: { sweepId, host: machine?.host ?? "" } });
  await withAgent(server(), sweepId, { slots: 2 }, async ({ done }) => {
    expect([...(await done).keys()]).toEqual(["finished"]);
  });
});

test.concurrent("--max-consecutive-failures ends the agent, also when they die by signals", async () => {
  const sweepId = await createSweep(server(), `process.kill(process.pid, "SIGKILL")`, {
    parameters: { a: { values: [1, 2, 3, 4, 5] } },
    quarantine_after: false,
  });
  await withAgent(server(), sweepId, { maxFailures: 2 }, async ({ done }) => {
    await expect(done).rejects.toMatchObject({ message: expect.stringContaining("2 runs failed one after") });
  });
  expect((await runsOf(server(), sweepId)).length).toBe(2);
});

test.concurrent("SIGTERM marks runs as preempting; passed on, the program decides, and what takes too long is killed", async () => {
  const program = `
    let heard = 0;
    process.on("SIGUSR1", () => console.log("usr1"));
    process.on("SIGTERM", () => { if (process.argv[1] === "a=1") process.exit(0); });
    console.log("up"); setInterval(() => {}, 1000);`;
  const sweepId = await createSweep(server(), program, { parameters: { a: { values: [1, 2] } } });
  const options = { slots: 2, termTimeoutMs: 700 };
  await withAgent(server(), sweepId, options, async ({ done, lines, ladder }) => {
    await waitFor("both", async () => {
      const rows = await server().db.sql`
        select 1 from output_chunks c join runs r on r.id = c.run_id where r.sweep_id = ${sweepId} and c.text like 'up%'`;
      return isUp(lines, 2) && rows.length === 2;
    });
    ladder.hear("SIGUSR1", { forward: true });
    ladder.hear("SIGTERM", { forward: true });
    expect(ladder.stage).toBe("finishing");
    expect(await done).toEqual(
      new Map([
        ["finished", 1],
        ["preempted", 1],
      ]),
    );
  });
  const runs = await runsOf(server(), sweepId);
  expect(runs.map(({ state }) => state)).toEqual(["finished", "pending"]);
  const marked = { attempts: runs.map(({ id }) => ({ runId: String(id), attempt: 1 })) };
  await expect(ask(server(), MarkPreempting, { input: marked })).resolves.toBeDefined();
});
