import { getNamedType, isLeafType, isObjectType } from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import { schema } from "@/graphql/schema";
import { addPerson, addTeam, joinTeam } from "../support/people";
import { ask, sharedServer, type TestServer } from "../support/server";
import { createSweep, gridOf, registerAgent, withRuns } from "../support/sweeps";

/** Every verb, called twice with one clientMutationId, and then with other input under it. */

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

type Input = Record<string, unknown>;
interface Call {
  readonly input: Input;
  /** What differs when the id is used for something else; absent where the input has nothing to differ in. */
  readonly other?: Input;
  /** A caller of its own; the administrator when absent. */
  readonly key?: string;
}

const series = (value: number) => [{ key: "loss", values: [value] }];
const someRun = async () => (await withRuns(server, 1)).claims[0]?.runId ?? "";
const bySweep = async (): Promise<Call> => ({
  input: { sweepId: await createSweep(server) },
  other: { sweepId: await createSweep(server) },
});
const byAgent = async (): Promise<Call> => {
  const sweepId = await createSweep(server);
  const agent = async () => ({ agentId: await registerAgent(server, sweepId) });
  return { input: await agent(), other: await agent() };
};
const byRun = async (): Promise<Call> => ({
  input: { runId: await someRun() },
  other: { runId: await someRun() },
});
const byRuns = async (): Promise<Call> => ({
  input: { runIds: [await someRun(), await someRun()] },
  other: { runIds: [await someRun()] },
});
const made = async (verb: string, input: Input, field: string): Promise<string> => {
  const data = await ask<Record<string, Record<string, string>>>(server, toDocument(verb, field), { input });
  return String(data[verb]?.[field.split(" ", 1)[0] ?? ""] ?? "");
};
const newProject = async (name: string): Promise<string> => {
  const { createProject } = await ask<{ createProject: { project: { id: string } } }>(
    server,
    toDocument("createProject", "project { id }"),
    { input: { name } },
  );
  return createProject.project.id;
};
const inTeam = async (team: string, user: string) => {
  const person = await addPerson(server, user);
  await joinTeam(server, await addTeam(server, team), person.userId, "member");
  return person;
};

const CALLS: Record<string, () => Promise<Call> | Call> = {
  cancelSweep: bySweep,
  changePassword: async () => {
    const { key } = await addPerson(server, "forgetful");
    return { key, input: { password: "a long enough password" } };
  },
  claimRun: async () => {
    const sweepId = await createSweep(server);
    return { input: { sweepId, agentId: await registerAgent(server, sweepId) }, other: { count: 2 } };
  },
  createApiKey: () => ({ input: { name: "one" }, other: { name: "other" } }),
  createInvitation: () => ({ input: {}, other: { expiresInDays: 3 } }),
  createLoginLink: async () => {
    const { name: user } = await addPerson(server, "lost");
    return { input: { user }, other: { user: (await addPerson(server, "lost-too")).name } };
  },
  createProject: () => ({ input: { name: "one" }, other: { name: "other" } }),
  createRun: () => ({ input: { project: "one" }, other: { project: "other" } }),
  createSweep: () => ({ input: { source: gridOf(2) }, other: { source: gridOf(3) } }),
  createTeam: () => ({ input: { name: "team-one" }, other: { name: "team-other" } }),
  deleteProject: async () => ({
    input: { projectId: await newProject("short-lived"), confirm: "short-lived" },
    other: { projectId: await newProject("long-lived"), confirm: "long-lived" },
  }),
  deleteRun: byRun,
  deleteRuns: byRuns,
  deleteTeam: async () => {
    await addTeam(server, "short-lived-team");
    return { input: { team: "short-lived-team" }, other: { team: "nobodys" } };
  },
  endOtherSessions: () => ({ input: {} }),
  finishRun: async () => ({
    input: { runId: await someRun(), attempt: 1, state: "finished" },
    other: { state: "failed" },
  }),
  drainAgent: byAgent,
  leaveAgent: async () => {
    const sweepId = await createSweep(server);
    return {
      input: { agentId: await registerAgent(server, sweepId) },
      other: { agentId: await registerAgent(server, sweepId) },
    };
  },
  noteRun: async () => ({ input: { runId: await someRun(), text: "one" }, other: { text: "other" } }),
  pauseSweep: bySweep,
  registerAgent: async () => ({
    input: { sweepId: await createSweep(server), host: "one" },
    other: { host: "other" },
  }),
  removeMember: async () => {
    // Whoever leaves knows nothing of the team afterwards.
    const { key, name: user } = await inTeam("left-team", "leaver");
    return { key, input: { team: "left-team", user }, other: { team: "other-team" } };
  },
  renameRun: async () => ({
    input: { runId: await someRun(), displayName: "one" },
    other: { displayName: "other" },
  }),
  resetMachine: async () => {
    const sweepId = await createSweep(server);
    return { input: { sweepId, host: "one" }, other: { sweepId, host: "other" } };
  },
  resumeSweep: async () => {
    const sweepId = await createSweep(server);
    await made("pauseSweep", { sweepId }, "sweep { id }");
    return { input: { sweepId }, other: { sweepId: await createSweep(server) } };
  },
  revokeApiKey: async () => ({
    input: { keyId: await made("createApiKey", { name: "lost" }, "keyId") },
    other: { keyId: await made("createApiKey", { name: "kept" }, "keyId") },
  }),
  revokeInvitation: async () => {
    const invite = async () => {
      const { createInvitation } = await ask<{ createInvitation: { invitation: { id: string } } }>(
        server,
        toDocument("createInvitation", "invitation { id }"),
        { input: {} },
      );
      return createInvitation.invitation.id;
    };
    return { input: { invitationId: await invite() }, other: { invitationId: await invite() } };
  },
  deleteView: async () => {
    const projectId = await newProject("viewed");
    const save = async (name: string) => {
      const { saveView } = await ask<{ saveView: { view: { id: string } } }>(
        server,
        toDocument("saveView", "view { id }"),
        { input: { projectId, name, search: "" } },
      );
      return saveView.view.id;
    };
    return { input: { viewId: await save("one") }, other: { viewId: await save("other") } };
  },
  saveView: async () => ({
    input: { sweepId: await createSweep(server), name: "one", search: "tab=charts" },
    other: { search: "tab=file" },
  }),
  setMember: async () => {
    await newProject("shared");
    const { name: user } = await addPerson(server, "newcomer");
    return { input: { project: "shared", user, role: "viewer" }, other: { role: "member" } };
  },
  setUser: async () => {
    const { name } = await addPerson(server, "promoted");
    return { input: { name, admin: true }, other: { admin: false } };
  },
  stopRun: byRun,
  stopRuns: byRuns,
  stopAgent: byAgent,
  stopSweep: bySweep,
  tagRun: async () => ({ input: { runIds: [await someRun()], add: ["one"] }, other: { add: ["other"] } }),
  updateProfile: () => ({ input: { displayName: "one" }, other: { displayName: "other" } }),
  updateProject: async () => ({
    input: { projectId: await newProject("described"), description: "one" },
    other: { description: "other" },
  }),
  addPriorRuns: async () => {
    const { sweepId, claims } = await withRuns(server, 2);
    await server.db.sql`update runs set state = 'finished' where sweep_id = ${sweepId}`;
    const [one = "", other = ""] = claims.map(({ runId }) => runId);
    return { input: { sweepId: await createSweep(server), runIds: [one] }, other: { runIds: [other] } };
  },
  restoreRuns: async () => {
    const { input, other } = await byRuns();
    await server.db.sql`update runs set deleted_at = now()
      where id = any(${[...(input.runIds as string[]), ...((other?.runIds ?? []) as string[])]}::bigint[])`;
    return { input, ...(other && { other }) };
  },
  enqueueRun: async () => ({
    input: { sweepId: await createSweep(server), params: '{"lr": 1.0}' },
    other: { params: '{"lr": 2.0}' },
  }),
  retryRuns: byRuns,
  updateSweep: async () => ({
    input: { sweepId: await createSweep(server), name: "one" },
    other: { name: "other" },
  }),
};

/**
 * Safe to repeat without an id: a beat, batches that have numbers, and what says how something is (test/engine/provenance.test.ts, date-run.test.ts). A session
 * and a terminal are tested with the sign-in.
 */
const OTHERWISE = [
  ...["approveDevice", "endSession", "heartbeat", "logMetrics", "logOutput"],
  ...["dateRun", "describeAttempt", "logSystem", "markPreempting", "warnRun"],
];

const verbs = schema.getMutationType()?.getFields() ?? {};

test("no verb is left out", () => {
  expect([...Object.keys(CALLS), ...OTHERWISE].sort()).toEqual(Object.keys(verbs).sort());
});

describe("a call that is repeated, at once or later, gets its first answer; other input under its id is refused", () => {
  test.each(Object.keys(CALLS))("%s", async (verb) => {
    const { input, other, key = server.key } = (await CALLS[verb]?.()) ?? { input: {} };
    const clientMutationId = `again-${verb}`;
    const call = async (more: Input = {}) =>
      (
        await ask<Record<string, { error: { code: string } | null }>>(
          { url: server.url, key },
          toDocument(verb, leavesOf(verb)),
          { input: { ...input, ...more, clientMutationId } },
        )
      )[verb];
    // Whoever hears nothing for a while sends again, and the first may be under way still.
    const [first, meanwhile] = await Promise.all([call(), call()]);
    expect(first).toMatchObject({ error: null, clientMutationId });
    expect(meanwhile).toEqual(first);
    expect(await call()).toEqual(first);
    if (other) expect((await call(other))?.error?.code).toBe("IDEMPOTENCY_MISMATCH");
  });
});

test("an id is a caller's own: another's call under it is another call", async () => {
  const input = { name: "mine", clientMutationId: "shared" };
  const keys = [server.key, (await addPerson(server, "namesake")).key];
  const made = await Promise.all(
    keys.map((key) =>
      ask<{ createApiKey: { keyId: string; error: null } }>(
        { url: server.url, key },
        toDocument("createApiKey", "keyId"),
        { input },
      ),
    ),
  );
  expect(made.map(({ createApiKey }) => createApiKey.error)).toEqual([null, null]);
  expect(new Set(made.map(({ createApiKey }) => createApiKey.keyId)).size).toBe(2);
});

describe("batches are told apart by their numbers", () => {
  test("of metrics and output", async () => {
    const runId = await someRun();
    const metrics = { runId, batch: { attempt: 1, batch: 1, steps: [0], series: series(1) } };
    const output = { runId, attempt: 1, batch: 1, lines: [{ stream: "stdout", time: 0, text: "x\n" }] };
    for (const repeated of [false, true]) {
      const answer = await ask<object>(server, toDocument("logMetrics", "repeated lastStep"), {
        input: metrics,
      });
      expect(answer).toMatchObject({ logMetrics: { repeated, lastStep: 0, error: null } });
      expect(await ask<object>(server, toDocument("logOutput", "repeated"), { input: output })).toMatchObject(
        { logOutput: { repeated, error: null } },
      );
    }
  });
});

/** What an answer says by itself: rows read afterwards may have changed since. */
function leavesOf(verb: string): string {
  const payload = getNamedType(verbs[verb]?.type as never);
  const fields = isObjectType(payload) ? Object.values(payload.getFields()) : [];
  return fields
    .filter(({ type }) => isLeafType(getNamedType(type)))
    .map(({ name }) => name)
    .join(" ");
}

function toDocument(verb: string, fields: string): string {
  const input = String(verbs[verb]?.args[0]?.type);
  return `mutation($input: ${input}) { ${verb}(input: $input) { ${fields} error { code message } } }`;
}
