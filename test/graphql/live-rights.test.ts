import { expect, test } from "vitest";
import { addKey, addPerson, joinProject } from "../support/people";
import { ask, openSocket, sharedServer, subscribe, type TestServer, withServer } from "../support/server";
import { startServerProcess } from "../support/server-process";
import { cookieOf, openLink } from "../support/sign-in";
import { createSweep, gridOf } from "../support/sweeps";

const started = sharedServer();

const RUNS = "subscription($id: ID!) { runsChanged(sweepId: $id) { cursor } }";
const SWEEP = "subscription($id: ID!) { sweepChanged(sweepId: $id) { project { viewerCanEdit } } }";

/** A subscriber with its socket: how either ended is known at once. */
function look(caller: { url: string; key: string }, sweepId: string, query = RUNS) {
  const client = openSocket(caller);
  const closed = new Promise<number>((resolve) =>
    client.on("closed", (event) => resolve((event as { code: number }).code)),
  );
  const subscription = subscribe<Record<string, never>>(client, query, { id: sweepId });
  const ended = (async () => {
    for (;;) await subscription.next();
  })().catch((error: unknown) => (error instanceof Error ? error.message : JSON.stringify(error)));
  return { client, closed, ended };
}

async function projectOf(server: TestServer, sweepId: string): Promise<number> {
  const [row] = await server.db.sql<
    { id: number }[]
  >`select project_id as id from sweeps where id = ${sweepId}`;
  return row?.id ?? 0;
}

const entityOf = async (server: TestServer): Promise<string> =>
  (await ask<{ viewer: { name: string } }>(server, "{ viewer { name } }")).viewer.name;

test("a member who is removed from a project sees no more of it, though nothing changes there", async () => {
  const server = started();
  const sweepId = await createSweep(server, gridOf(1), "left");
  const anna = await addPerson(server, "anna");
  await joinProject(server, await projectOf(server, sweepId), anna.userId, "viewer");
  const { client, ended } = look(anna, sweepId);
  const entity = await entityOf(server);
  const { removeMember } = await ask<{ removeMember: { error: unknown } }>(
    server,
    `mutation { removeMember(input: {entity: "${entity}", project: "left", user: "anna"}) { error { code } } }`,
  );
  expect(removeMember.error).toBeNull();
  expect(await ended).toContain("NOT_FOUND");
  await client.dispose();
});

test("an account that is disabled is signed out", async () => {
  const server = started();
  const sweepId = await createSweep(server, gridOf(1), "disabled");
  const ben = await addPerson(server, "ben");
  await joinProject(server, await projectOf(server, sweepId), ben.userId, "admin");
  const { client, closed } = look(ben, sweepId);
  await ask(server, 'mutation { setUser(input: {name: "ben", disabled: true}) { error { code } } }');
  expect(await closed).toBe(4401);
  await client.dispose();
});

test("an administrator who is none any more loses what only administrators see, and goes on with the rest", async () => {
  const server = started();
  const hidden = await createSweep(server, gridOf(1), "hidden");
  const carl = await addPerson(server, "carl", { admin: true });
  const own = await createSweep(carl, gridOf(1), "own");
  const foreign = look(carl, hidden);
  const client = openSocket(carl);
  const still = subscribe<{ sweepChanged: { project: { viewerCanEdit: boolean } } }>(client, SWEEP, {
    id: own,
  });
  await still.next();
  await ask(server, 'mutation { setUser(input: {name: "carl", admin: false}) { error { code } } }');
  expect(await foreign.ended).toContain("NOT_FOUND");
  await ask(carl, `mutation { pauseSweep(input: {sweepId: "${own}"}) { error { code } } }`);
  expect((await still.next()).sweepChanged.project.viewerCanEdit).toBe(true);
  await Promise.all([foreign.client.dispose(), client.dispose()]);
});

test("people who ask the same at the same time are each told what they may do themselves", async () => {
  const server = started();
  const sweepId = await createSweep(server, gridOf(1), "shared");
  const projectId = await projectOf(server, sweepId);
  const people = await Promise.all(
    (["viewer", "member", "viewer", "member"] as const).map(async (role, i) => {
      const person = await addPerson(server, `${role}-${i}`);
      await joinProject(server, projectId, person.userId, role);
      return { role, client: openSocket(person) };
    }),
  );
  const looks = people.map(({ client }) =>
    subscribe<{ sweepChanged: { state: string; project: { viewerCanEdit: boolean } } }>(
      client,
      "subscription($id: ID!) { sweepChanged(sweepId: $id) { state project { viewerCanEdit } } }",
      { id: sweepId },
    ),
  );
  const tell = () => Promise.all(looks.map((look) => look.next()));
  const expected = (state: string) =>
    people.map(({ role }) => ({ sweepChanged: { state, project: { viewerCanEdit: role === "member" } } }));
  expect(await tell()).toEqual(expected("pending"));
  await ask(server, `mutation { pauseSweep(input: {sweepId: "${sweepId}"}) { error { code } } }`);
  expect(await tell()).toEqual(expected("paused"));
  await Promise.all(people.map(({ client }) => client.dispose()));
});

test("what a page may do is told anew when the role changes", async () => {
  const server = started();
  const sweepId = await createSweep(server, gridOf(1), "weaker");
  const dora = await addPerson(server, "dora");
  await joinProject(server, await projectOf(server, sweepId), dora.userId, "member");
  const client = openSocket(dora);
  const sweep = subscribe<{ sweepChanged: { project: { viewerCanEdit: boolean } } }>(client, SWEEP, {
    id: sweepId,
  });
  expect((await sweep.next()).sweepChanged.project.viewerCanEdit).toBe(true);
  const entity = await entityOf(server);
  await ask(
    server,
    `mutation { setMember(input: {entity: "${entity}", project: "weaker", user: "dora", role: viewer}) { error { code } } }`,
  );
  await ask(server, `mutation { pauseSweep(input: {sweepId: "${sweepId}"}) { error { code } } }`);
  expect((await sweep.next()).sweepChanged.project.viewerCanEdit).toBe(false);
  await client.dispose();
});

test("whoever looks at a project that is deleted is told", async () => {
  const server = started();
  const sweepId = await createSweep(server, gridOf(1), "deleted");
  const { client, ended } = look(server, sweepId);
  const socket = new Promise((resolve) => client.on("connected", resolve));
  await socket;
  const { deleteProject } = await ask<{ deleteProject: { error: unknown } }>(
    server,
    `mutation { deleteProject(input: {projectId: "${await projectOf(server, sweepId)}", confirm: "deleted"}) { error { code } } }`,
  );
  expect(deleteProject.error).toBeNull();
  expect(await ended).toContain("NOT_FOUND");
  await client.dispose();
});

test("a key whose time is over closes its sockets, though nobody did anything", async () => {
  const server = started();
  const sweepId = await createSweep(server, gridOf(1), "expiring");
  const eva = await addPerson(server, "eva");
  await joinProject(server, await projectOf(server, sweepId), eva.userId, "viewer");
  const { key, keyId } = await addKey(server, eva.userId, { expiresAt: new Date(Date.now() + 60_000) });
  const { client, closed } = look({ url: server.url, key }, sweepId);
  await new Promise((resolve) => client.on("connected", resolve));
  await server.db.sql`update api_keys set expires_at = now() where id = ${keyId}`;
  expect(await closed).toBe(4401);
  await client.dispose();
});

test("a browser that signs out closes its sockets", async () => {
  const server = started();
  const { createLoginLink } = await ask<{ createLoginLink: { url: string } }>(
    server,
    "mutation { createLoginLink(input: {}) { url } }",
  );
  const cookie = cookieOf(await openLink(createLoginLink.url));
  const { default: WebSocket } = await import("ws");
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
    headers: { cookie, origin: server.url },
  });
  const acknowledged = new Promise((resolve) => socket.once("message", resolve));
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  socket.once("open", () => socket.send('{"type":"connection_init"}'));
  await acknowledged;
  await fetch(`${server.url}/logout`, {
    method: "POST",
    headers: { cookie, origin: server.url },
    redirect: "manual",
  });
  expect(await closed).toBe(4401);
});

test("a key that is revoked at one server closes its sockets at another", async () => {
  await withServer(async (here) => {
    const there = await startServerProcess({ env: { DATABASE_URL: here.databaseUrl } });
    try {
      const sweepId = await createSweep(here, gridOf(1));
      const { createApiKey } = await ask<{ createApiKey: { key: string; keyId: string } }>(
        here,
        'mutation { createApiKey(input: {name: "short"}) { key keyId } }',
      );
      const { client, closed } = look({ url: there.url, key: createApiKey.key }, sweepId);
      await new Promise((resolve) => client.on("connected", resolve));
      await ask(
        here,
        `mutation { revokeApiKey(input: {keyId: "${createApiKey.keyId}"}) { error { code } } }`,
      );
      expect(await closed).toBe(4401);
      await client.dispose();
    } finally {
      await there.stop();
    }
  });
});
