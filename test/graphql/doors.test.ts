import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "@/core/access";
import { schema } from "@/graphql/schema";
import { addKey, addPerson, addTeam, joinProject, joinTeam, type Person } from "../support/people";
import { ask, openSocket, send, sharedServer, subscribe, type TestServer } from "../support/server";
import { claim, gridOf, registerAgent } from "../support/sweeps";

/**
 * Every door of the API, tried by everybody. The project `lab/digits` lies in the team `lab`; whoever has a role has it
 * either in the project or in the team, and the keys that are less than their user belong to the project's admin.
 */
const CALLERS = {
  root: "an administrator of the server",
  padm: "an admin of the project",
  pmem: "a member of the project",
  pvie: "a viewer of the project",
  tadm: "an admin of the team",
  tmem: "a member of the team",
  tvie: "a viewer of the team",
  alien: "a stranger",
  read: "a key to look",
  write: "a key to work",
  here: "a key for this project alone",
  there: "a key for another project alone",
  run: "a run's own key",
  late: "an expired key",
  gone: "a revoked key",
  none: "nobody",
} as const;
type Caller = keyof typeof CALLERS;

/** What a door answers: go on; FORBIDDEN; NOT_FOUND (or nothing); UNAUTHENTICATED. */
const OUTCOMES = { "+": "allowed", f: "FORBIDDEN", n: "NOT_FOUND", u: "UNAUTHENTICATED" } as const;

interface World {
  server: TestServer;
  team: string;
  projectId: string;
  sweepId: string;
  agentId: string;
  runId: string;
  invitationId: string;
}

interface Door {
  /** Arguments of the field; of a mutation the fields of its input. A fresh one for each caller. */
  readonly args?: (
    world: World,
    caller: Caller,
  ) => Record<string, unknown> | Promise<Record<string, unknown>>;
  /** What to ask of the answer, and when it says that the caller was let in. Unless said, anything but null does. */
  readonly select?: string;
  readonly seen?: (answer: unknown, world: World) => boolean;
}

//                     root padm pmem pvie  tadm tmem tvie  alien  read write here there  run  late gone none
const LOOK = /*     */ "+    +    +    +     +    +    +     n      +    +     +    n      f    u    u    u";
const SEE = /*      */ "+    +    +    +     +    +    +     n      +    +     +    n      n    u    u    u";
const SEE_RUN = /*  */ "+    +    +    +     +    +    +     n      +    +     +    n      +    u    u    u";
const WORK = /*     */ "+    +    +    f     +    +    f     n      f    +     +    n      f    u    u    u";
const WORK_RUN = /* */ "+    +    +    f     +    +    f     n      f    +     +    n      +    u    u    u";
const LEAD = /*     */ "+    +    f    f     +    f    f     n      f    f     +    n      f    u    u    u";
/** Who may do what there: never by a key that is less than its user. */
const RULE = /*     */ "+    +    f    f     +    f    f     n      f    f     f    f      f    u    u    u";
const RULE_TEAM = /**/ "+    n    n    n     +    f    f     n      f    f     f    f      f    u    u    u";
/** One's own account. */
const SELF = /*     */ "+    +    +    +     +    +    +     +      f    f     f    f      f    u    u    u";
const SERVER = /*   */ "+    f    f    f     f    f    f     f      f    f     f    f      f    u    u    u";
const USER = /*     */ "+    +    +    +     +    +    +     +      +    +     +    +      f    u    u    u";
const ANYBODY = /*  */ "+    +    +    +     +    +    +     +      +    +     +    +      +    u    u    u";

const bySweep = { args: ({ sweepId }: World) => ({ sweepId }) };
const byRun = { args: ({ runId }: World) => ({ runId }) };
const inProject = { entity: "lab", project: "digits" };
const idOf = (answer: unknown) => (answer as { id?: string } | null)?.id;
const holds = (list: unknown, id: string): boolean =>
  (list as { nodes: unknown[] }).nodes.some((node) => idOf(node) === id);

const DOORS: Record<string, [rule: string, door: Door]> = {
  "Query.agent": [SEE, { args: ({ agentId }) => ({ id: agentId }) }],
  "Query.apiKeys": [SELF, {}],
  "Query.auditEvents": [RULE, { args: () => inProject }],
  "Query.deviceLogin": [
    SELF,
    { args: () => ({ userCode: "BCDF-GHJK" }), seen: () => true }, // there is none: who may ask is told so
  ],
  "Query.entity": [SEE, { args: ({ team }) => ({ name: team }) }],
  "Query.histories": [
    SEE_RUN,
    {
      args: ({ runId }) => ({ runIds: [runId], keys: ["loss"] }),
      select: "{ series { key } }",
      seen: (answer) => (answer as { series: unknown[] }).series.length > 0,
    },
  ],
  "Query.invitations": [RULE, { args: () => inProject }],
  "Query.previewUpdate": [
    WORK,
    { args: ({ sweepId }) => ({ sweepId, name: "renamed" }), select: "{ allowed }" },
  ],
  "Query.previewSweep": [USER, { args: () => ({ source: gridOf(2) }) }],
  "Query.project": [SEE, { args: () => ({ entity: "lab", name: "digits" }) }],
  "Query.projects": [
    SEE,
    { select: "{ nodes { id } }", seen: (answer, { projectId }) => holds(answer, projectId) },
  ],
  "Query.run": [SEE_RUN, { args: ({ runId }) => ({ id: runId }) }],
  "Query.search": [
    SEE,
    {
      args: () => ({ text: "digits" }),
      select: "{ projects { id } }",
      seen: (answer, { projectId }) =>
        (answer as { projects: { id: string }[] }).projects.some(({ id }) => id === projectId),
    },
  ],
  "Query.serverInfo": [ANYBODY, {}],
  "Query.sessions": [SELF, {}],
  "Query.sweep": [SEE, { args: ({ sweepId }) => ({ id: sweepId }) }],
  "Query.users": [SERVER, {}],
  "Query.viewer": [ANYBODY, { seen: () => true }],

  "Mutation.approveDevice": [
    // The code is nobody's: who may answer terminals is told that it is unknown.
    "n    n    n    n     n    n    n     n      f    f     f    f      f    u    u    u",
    { args: () => ({ userCode: "BCDF-GHJK", approve: false }) },
  ],
  "Mutation.cancelSweep": [
    WORK,
    { args: async ({ server, team }) => ({ sweepId: await newSweep(server, team) }) },
  ],
  "Mutation.changePassword": [SELF, { args: () => ({ password: "a long enough password" }) }],
  "Mutation.claimRun": [WORK, { args: ({ sweepId, agentId }) => ({ sweepId, agentId }) }],
  "Mutation.createApiKey": [SELF, { args: () => ({ name: "another" }) }],
  "Mutation.createInvitation": [RULE, { args: () => ({ ...inProject, role: "viewer" }) }],
  "Mutation.createLoginLink": [SELF, {}],
  "Mutation.createProject": [
    "+    n    n    n     +    +    f     n      n    n     n    n      f    u    u    u",
    { args: ({ team }, caller) => ({ entity: team, name: `made-by-${caller}` }) },
  ],
  "Mutation.createRun": [WORK, { args: () => inProject }],
  "Mutation.createSweep": [WORK, { args: () => ({ ...inProject, source: gridOf(2) }) }],
  "Mutation.createTeam": [SELF, { args: (_world, caller) => ({ name: `team-of-${caller}` }) }],
  "Mutation.dateRun": [WORK_RUN, { args: ({ runId }) => ({ runId, startedAt: "2024-01-01T00:00:00Z" }) }],
  "Mutation.deleteProject": [LEAD, { args: ({ projectId }) => ({ projectId, confirm: "not its name" }) }],
  "Mutation.deleteRun": [WORK, { args: async ({ server }) => ({ runId: await newRun(server) }) }],
  "Mutation.deleteRuns": [WORK, { args: async ({ server }) => ({ runIds: [await newRun(server)] }) }],
  "Mutation.deleteTeam": [
    RULE_TEAM,
    { args: ({ team }) => ({ team }) }, // refused to whoever may: it has a project
  ],
  "Mutation.endOtherSessions": [SELF, {}],
  "Mutation.endSession": [
    // Somebody else's, or nobody's, are unknown to all.
    "n    n    n    n     n    n    n     n      f    f     f    f      f    u    u    u",
    { args: () => ({ sessionId: "2147483647" }) },
  ],
  "Mutation.deleteView": [
    WORK,
    { args: async (world, caller) => ({ viewId: await newView(world, caller) }) },
  ],
  "Mutation.describeAttempt": [
    WORK_RUN,
    { args: ({ runId }) => ({ runId, attempt: 1, facts: { argv: ["python", "train.py"] } }) },
  ],
  "Mutation.drainAgent": [
    WORK,
    { args: async ({ server, sweepId }) => ({ agentId: await registerAgent(server, sweepId) }) },
  ],
  "Mutation.finishRun": [WORK_RUN, { args: ({ runId }) => ({ runId, attempt: 1, state: "finished" }) }],
  "Mutation.heartbeat": [WORK_RUN, { args: ({ runId }) => ({ attempts: [{ runId, attempt: 1 }] }) }],
  "Mutation.leaveAgent": [
    WORK,
    { args: async ({ server, sweepId }) => ({ agentId: await registerAgent(server, sweepId) }) },
  ],
  "Mutation.logMetrics": [
    WORK_RUN,
    {
      args: ({ runId }) => ({
        runId,
        batch: { attempt: 1, batch: 1, steps: [0], times: [0], series: [{ key: "loss", values: [1] }] },
      }),
    },
  ],
  "Mutation.logOutput": [WORK_RUN, { args: ({ runId }) => ({ runId, attempt: 1, batch: 1, lines: [] }) }],
  "Mutation.logSystem": [
    WORK_RUN,
    { args: ({ runId }) => ({ runId, attempt: 1, samples: [{ timeMs: 1, values: { cpu: 5 } }] }) },
  ],
  "Mutation.markPreempting": [WORK_RUN, { args: ({ runId }) => ({ attempts: [{ runId, attempt: 1 }] }) }],
  "Mutation.noteRun": [WORK_RUN, { args: ({ runId }) => ({ runId, text: "noted" }) }],
  "Mutation.pauseSweep": [WORK, bySweep],
  "Mutation.registerAgent": [WORK, { args: ({ sweepId }) => ({ sweepId, host: "door" }) }],
  "Mutation.removeMember": [
    RULE,
    {
      args: async ({ server, projectId }, caller) => ({
        ...inProject,
        user: await guest(server, projectId, caller),
      }),
    },
  ],
  "Mutation.renameRun": [WORK_RUN, { args: ({ runId }) => ({ runId, displayName: "renamed" }) }],
  "Mutation.resetMachine": [WORK, { args: ({ sweepId }) => ({ sweepId, host: "door" }) }],
  "Mutation.restoreRuns": [
    WORK,
    {
      args: async ({ server }) => {
        const runId = await newRun(server);
        await server.db.sql`update runs set deleted_at = now() where id = ${runId}`;
        return { runIds: [runId] };
      },
    },
  ],
  "Mutation.resumeSweep": [WORK, bySweep],
  "Mutation.revokeApiKey": [
    "n    n    n    n     n    n    n     n      f    f     f    f      f    u    u    u",
    { args: () => ({ keyId: "2147483647" }) },
  ],
  "Mutation.revokeInvitation": [
    // Whoever is no admin there can't know of it.
    "+    +    n    n     +    n    n     n      f    f     f    f      f    u    u    u",
    { args: ({ invitationId }) => ({ invitationId }) },
  ],
  "Mutation.saveView": [
    WORK,
    { args: ({ sweepId }, caller) => ({ sweepId, name: `of ${caller}`, search: "tab=charts" }) },
  ],
  "Mutation.setMember": [RULE, { args: () => ({ ...inProject, user: "alien2", role: "viewer" }) }],
  "Mutation.setUser": [SERVER, { args: () => ({ name: "alien2", disabled: false }) }],
  "Mutation.stopAgent": [
    WORK,
    { args: async ({ server, sweepId }) => ({ agentId: await registerAgent(server, sweepId) }) },
  ],
  "Mutation.stopRun": [WORK, { args: async ({ server }) => ({ runId: await newRun(server) }) }],
  "Mutation.stopRuns": [WORK, { args: async ({ server }) => ({ runIds: [await newRun(server)] }) }],
  "Mutation.stopSweep": [
    WORK,
    { args: async ({ server, team }) => ({ sweepId: await newSweep(server, team) }) },
  ],
  "Mutation.tagRun": [WORK_RUN, { args: ({ runId }) => ({ runIds: [runId], add: ["tagged"] }) }],
  "Mutation.updateProfile": [SELF, { args: () => ({ displayName: "Somebody" }) }],
  "Mutation.updateProject": [LEAD, { args: ({ projectId }) => ({ projectId, keepOutputDays: 30 }) }],
  "Mutation.warnRun": [
    WORK_RUN,
    {
      args: ({ runId }) => ({
        runId,
        attempt: 1,
        warnings: [{ code: "OUTPUT_CUT", message: "it was long" }],
      }),
    },
  ],
  "Mutation.addPriorRuns": [
    WORK,
    {
      args: async ({ server, sweepId }) => {
        const runId = await newRun(server);
        await server.db.sql`update runs set state = 'finished' where id = ${runId}`;
        return { sweepId, runIds: [runId] };
      },
    },
  ],
  "Mutation.enqueueRun": [WORK, { args: ({ sweepId }) => ({ sweepId, params: "{}" }) }],
  "Mutation.retryRuns": [WORK, { args: ({ sweepId }) => ({ sweepId }) }],
  "Mutation.updateSweep": [WORK, { args: ({ sweepId }) => ({ sweepId, name: "renamed" }) }],

  "Subscription.agentsChanged": [LOOK, bySweep],
  "Subscription.importanceChanged": [LOOK, bySweep],
  "Subscription.metricsLogged": [SEE_RUN, { args: ({ runId }) => ({ scope: { runIds: [runId] } }) }],
  "Subscription.outputLogged": [SEE_RUN, byRun],
  "Subscription.projectChanged": [LOOK, { args: ({ projectId }) => ({ projectId }) }],
  "Subscription.runChanged": [SEE_RUN, byRun],
  "Subscription.runsChanged": [LOOK, bySweep],
  "Subscription.sweepChanged": [LOOK, bySweep],
};

/** Wrong keys of one address are soon too many: each request comes from another. */
const started = sharedServer({ BESOM_TRUSTED_PROXIES: "127.0.0.1" });
let requests = 0;
const address = () => ({ "x-forwarded-for": `10.0.${++requests >> 8}.${requests & 255}` });
let world: World;
let keys: Record<Caller, string>;

beforeAll(async () => {
  const server = started();
  ({ world, keys } = await build(server));
}, 60_000);

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
const fields = roots.flatMap((root) =>
  Object.values(root?.getFields() ?? {}).map((field) => `${root?.name}.${field.name}`),
);

test("every field of the schema has its row, and no row is without a field", () => {
  expect(Object.keys(DOORS).sort()).toEqual(fields.sort());
});

describe.each(Object.entries(DOORS))("%s", (path, [rule, door]) => {
  const outcomes = rule.split(/\s+/).map((letter) => OUTCOMES[letter as keyof typeof OUTCOMES]);
  test("lets in whom it should, and nobody else", async () => {
    const found: [string, string][] = [];
    for (const caller of Object.keys(CALLERS) as Caller[]) {
      found.push([CALLERS[caller], await knock(path, door, caller)]);
    }
    const expected = Object.values(CALLERS).map((who, i) => [who, outcomes[i]]);
    expect(found).toEqual(expected);
  });
});

test("a run's own key opens each door of its run for no other run", async () => {
  const ofRuns = Object.entries(DOORS).filter(([, [rule]]) => rule === SEE_RUN || rule === WORK_RUN);
  expect(ofRuns.length).toBeGreaterThan(10);
  // By hand: one of a sweep would be handed out again when its lease is over.
  const other = { ...world, runId: await newRun(world.server) };
  await logLoss(world.server, other.runId);
  for (const [path, [, door]] of ofRuns) {
    const closed = expect.stringMatching(/^(?:FORBIDDEN|NOT_FOUND)$/);
    expect([path, await knock(path, door, "run", other)]).toEqual([path, closed]);
    expect([path, await knock(path, door, "padm", other)]).toEqual([path, OUTCOMES["+"]]);
  }
});

test("a run that a stranger may not see is answered like one that is not there", async () => {
  const stranger = { url: world.server.url, key: keys.alien };
  const verbs: Record<string, (runId: string) => object> = {
    dateRun: (runId) => ({ runId, startedAt: "2024-01-01T00:00:00Z" }),
    deleteRun: (runId) => ({ runId }),
    deleteRuns: (runId) => ({ runIds: [runId] }),
    finishRun: (runId) => ({ runId, attempt: 1, state: "finished" }),
    heartbeat: (runId) => ({ attempts: [{ runId, attempt: 1 }] }),
    logOutput: (runId) => ({ runId, attempt: 1, batch: 1, lines: [] }),
    noteRun: (runId) => ({ runId, text: "noted" }),
    renameRun: (runId) => ({ runId, displayName: "renamed" }),
    stopRun: (runId) => ({ runId }),
    stopRuns: (runId) => ({ runIds: [runId] }),
    tagRun: (runId) => ({ runIds: [runId], add: ["tagged"] }),
  };
  for (const [name, toInput] of Object.entries(verbs)) {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    const query = `mutation($input: ${type}) { ${name}(input: $input) { error { code message details } } }`;
    const told = async (runId: string) => {
      const { data } = await send<object>(stranger, query, { input: toInput(runId) }, address());
      return JSON.stringify(data).replaceAll(runId, "N");
    };
    expect(await told(world.runId)).toContain("NOT_FOUND");
    expect(await told(world.runId)).toBe(await told("987654321"));
  }
});

async function newView({ server, projectId }: World, caller: Caller): Promise<string> {
  const [view] = await server.db.sql<{ id: number }[]>`
    insert into saved_views (project_id, user_id, name, search)
    select ${projectId}::int, min(id), ${`gone ${caller} ${Math.random()}`}::text, '' from users returning id`;
  return String(view?.id);
}

async function knock(path: string, door: Door, caller: Caller, where = world): Promise<string> {
  const [root = "", name = ""] = path.split(".");
  const args = (await door.args?.(where, caller)) ?? {};
  const field = schema.getType(root);
  if (field === undefined || !("getFields" in field)) throw new Error(`${root} has no fields`);
  const declared = field.getFields()[name];
  if (declared === undefined || !("args" in declared)) throw new Error(`${path} is unknown`);
  const given: Record<string, unknown> = root === "Mutation" ? { input: args } : args;
  const taken = declared.args.filter((arg) => arg.name in given);
  const select = root === "Mutation" ? "{ error { code } }" : (door.select ?? "{ __typename }");
  const variables = taken.map((arg) => `$${arg.name}: ${arg.type}`).join(", ");
  const passed = taken.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
  const query = `${root.toLowerCase()}${variables && `(${variables})`} { ${name}${passed && `(${passed})`} ${select} }`;
  const server = { url: world.server.url, key: keys[caller] };
  return root === "Subscription"
    ? knockBySocket(server, query, given)
    : knockByRequest(server, query, given, name, door);
}

async function knockByRequest(
  server: { url: string; key: string },
  query: string,
  variables: Record<string, unknown>,
  name: string,
  { seen }: Door,
): Promise<string> {
  const { data, errors } = await send<Record<string, unknown>>(server, query, variables, address());
  if (errors) return toOutcome(errors[0]?.extensions.code, errors);
  const answer = data[name];
  const failure = (answer as { error?: { code: string } | null } | null)?.error;
  if (failure) return toOutcome(failure.code);
  const isIn = seen?.(answer, world) ?? answer !== null;
  return isIn ? OUTCOMES["+"] : OUTCOMES.n;
}

async function knockBySocket(
  server: { url: string; key: string },
  query: string,
  variables: Record<string, unknown>,
): Promise<string> {
  const client = openSocket(server);
  try {
    await subscribe(client, query, variables).next();
    return OUTCOMES["+"];
  } catch (error) {
    if ((error as { code?: number }).code === 4401) return OUTCOMES.u;
    const text = error instanceof Error ? error.message : JSON.stringify(error);
    return toOutcome(/"code":"([A-Z_]+)"/.exec(text)?.[1], text);
  } finally {
    await client.dispose();
  }
}

/** A verb's other failures come after the door: the caller was let in and something else was wrong. */
function toOutcome(code: string | undefined, errors?: unknown): string {
  if (code === "FORBIDDEN" || code === "NOT_FOUND" || code === "UNAUTHENTICATED") return code;
  if (errors !== undefined || code === undefined) throw new Error(`no answer: ${JSON.stringify(errors)}`);
  return OUTCOMES["+"];
}

async function build(server: TestServer): Promise<{ world: World; keys: Record<Caller, string> }> {
  const teamId = await addTeam(server, "lab");
  const sweepId = await newSweep(server, "lab");
  const [{ id: projectId } = { id: 0 }] = await server.db.sql<{ id: number }[]>`
    select project_id as id from sweeps where id = ${sweepId}`;
  const person = async (name: string, role?: Role, where?: "project" | "team"): Promise<Person> => {
    const made = await addPerson(server, name);
    if (role && where === "project") await joinProject(server, projectId, made.userId, role);
    if (role && where === "team") await joinTeam(server, teamId, made.userId, role);
    return made;
  };
  const padm = await person("padm", "admin", "project");
  const elsewhere = await ask<{ createProject: { project: { id: string } } }>(
    padm,
    'mutation { createProject(input: {name: "elsewhere"}) { project { id } } }',
  );
  await person("alien2");
  const key = async (options: Parameters<typeof addKey>[2]) =>
    (await addKey(server, padm.userId, options)).key;
  const agentId = await registerAgent(server, sweepId);
  const [own] = await claim(server, sweepId, agentId, 1);
  if (own === undefined) throw new Error("a run expected");
  const { createInvitation } = await ask<{ createInvitation: { invitation: { id: string } } }>(
    server,
    'mutation { createInvitation(input: {entity: "lab", project: "digits"}) { invitation { id } } }',
  );
  await logLoss(server, own.runId);
  return {
    world: {
      server,
      team: "lab",
      projectId: String(projectId),
      sweepId,
      agentId,
      runId: own.runId,
      invitationId: createInvitation.invitation.id,
    },
    keys: {
      root: server.key,
      padm: padm.key,
      pmem: (await person("pmem", "member", "project")).key,
      pvie: (await person("pvie", "viewer", "project")).key,
      tadm: (await person("tadm", "admin", "team")).key,
      tmem: (await person("tmem", "member", "team")).key,
      tvie: (await person("tvie", "viewer", "team")).key,
      alien: (await person("alien")).key,
      read: await key({ scope: "read" }),
      write: await key({ scope: "write" }),
      here: await key({ projectId }),
      there: await key({ projectId: Number(elsewhere.createProject.project.id) }),
      run: own.apiKey,
      late: await key({ expiresAt: new Date(Date.now() - 1_000) }),
      gone: await key({ revokedAt: new Date() }),
      none: "",
    },
  };
}

async function newSweep(server: TestServer, team: string): Promise<string> {
  const { createSweep } = await ask<{ createSweep: { sweep: { id: string } | null; error: unknown } }>(
    server,
    "mutation($input: CreateSweepInput!) { createSweep(input: $input) { sweep { id } error { code message } } }",
    { input: { entity: team, project: "digits", source: gridOf(50) } },
  );
  if (createSweep.sweep === null) throw new Error(JSON.stringify(createSweep.error));
  return createSweep.sweep.id;
}

async function logLoss(server: TestServer, runId: string): Promise<void> {
  const batch = { attempt: 1, batch: 1, steps: [0], times: [0], series: [{ key: "loss", values: [1] }] };
  await ask(server, "mutation($input: LogMetricsInput!) { logMetrics(input: $input) { error { code } } }", {
    input: { runId, batch },
  });
}

async function newRun(server: TestServer): Promise<string> {
  const { createRun } = await ask<{ createRun: { run: { id: string } } }>(
    server,
    'mutation { createRun(input: {entity: "lab", project: "digits"}) { run { id } } }',
  );
  return createRun.run.id;
}

/** A member of the project who may be removed. */
async function guest(server: TestServer, projectId: string, caller: Caller): Promise<string> {
  const name = `guest-of-${caller}`;
  const { userId } = await addPerson(server, name);
  await joinProject(server, Number(projectId), userId, "viewer");
  return name;
}
