import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { endRuns, GIVEN_UP_MS, TWO_UNIFORM, withoutMetrics } from "../support/ended-runs";
import { addPerson, joinProject } from "../support/people";
import { ask, openSocket, send, sharedServer, subscribe } from "../support/server";
import { createSweep } from "../support/sweeps";

const started = sharedServer();

const FIELDS =
  "method runsUsed runsGood runsImputed runsLeftOut parameters { name importance total } warnings";
const ASK = `query($id: ID!, $metric: String, $stat: MetricStat, $method: ImportanceMethod, $quantile: Float,
  $unfinished: UnfinishedRuns, $filter: RunFilter, $scope: ImportanceScope) { sweep(id: $id) { importance(metric: $metric,
  stat: $stat, method: $method, quantile: $quantile, unfinished: $unfinished, filter: $filter, scope: $scope) { ${FIELDS} } } }`;
const LIVE = `subscription($id: ID!, $metric: String, $method: ImportanceMethod, $quantile: Float, $filter: RunFilter) {
  importanceChanged(sweepId: $id, metric: $metric, method: $method, quantile: $quantile, filter: $filter) { runsUsed warnings parameters { name } } }`;

interface Answer {
  sweep: { importance: { method: string; runsUsed: number; parameters: { name: string }[] } };
}
interface Changed {
  importanceChanged: { runsUsed: number; warnings: string[]; parameters: { name: string }[] };
}

/** Others hear of runs that were written behind the servers' backs by their poll, as of those of another server. */
const touch = (server: ReturnType<typeof started>, sweepId: string) =>
  server.db.sql`update sweeps set changed_xid = pg_current_xact_id() where id = ${sweepId}`;

test("importance is asked for by metric, method, filter and scope", async () => {
  const server = started();
  const id = await createSweep(server, JSON.stringify(TWO_UNIFORM), "asked");
  await endRuns(server.db, id, 40);
  const ofAll = await ask<Answer>(server, ASK, { id });
  expect(ofAll.sweep.importance).toMatchObject({ method: "gp", runsUsed: 40, runsImputed: 0 });
  expect(ofAll.sweep.importance.parameters[0]).toMatchObject({ name: "x" });
  const filter = { field: "ordinal", op: "le", value: 25 };
  const some = await ask<Answer>(server, ASK, { id, metric: "loss", stat: "min", filter, scope: "project" });
  expect(some.sweep.importance).toMatchObject({ runsUsed: 40 - 15 });
});

test("an argument that can't be is one error that names it", async () => {
  const server = started();
  const id = await createSweep(server, JSON.stringify(TWO_UNIFORM), "refused");
  for (const [variables, named] of [
    [{ method: "good", quantile: 0.9 }, "quantile is 0.9"],
    [{ quantile: 0.2 }, "quantile is 0.2"],
    [{ stat: "min" }, 'stat is "min"'],
    [{ filter: { field: "objective", op: "lt", value: "small" } }, "filter.value"],
  ] as const) {
    const answer = await send(server, ASK, { id, ...variables });
    expect(answer.errors).toMatchObject([
      { message: expect.stringContaining(named), extensions: { code: "BAD_INPUT" } },
    ]);
  }
});

test("a subscriber hears the answer at once and a new one as runs end, each once; two who ask the same get the same", async () => {
  const server = started();
  const id = await createSweep(server, JSON.stringify(TWO_UNIFORM), "live");
  await endRuns(server.db, id, 4);
  const client = openSocket(server);
  const [first, second] = [1, 2].map(() => subscribe<Changed>(client, LIVE, { id }));
  if (!first || !second) throw new Error("two");
  expect((await first.next()).importanceChanged).toEqual({
    ...{ runsUsed: 4, warnings: ["TOO_FEW_RUNS"], parameters: [] },
  });
  expect((await second.next()).importanceChanged.runsUsed).toBe(4);
  await endRuns(server.db, id, 36);
  const [one, two] = await Promise.all([first.next(), second.next()]);
  expect(one.importanceChanged).toMatchObject({ runsUsed: 40, parameters: [{ name: "x" }, { name: "y" }] });
  expect(two).toEqual(one);
  // The sweep changes and its results don't: nothing is said until they do.
  await touch(server, id);
  const next = first.next();
  await endRuns(server.db, id, 1);
  expect((await next).importanceChanged.runsUsed).toBe(41);
  await client.dispose();
  expect(await server.db.sql`select from importance_answers where sweep_id = ${id}`).toHaveLength(1);
});

test("what can't be asked ends the subscription with its error, and so does a sweep that may not be seen", async () => {
  const server = started();
  const id = await createSweep(server, JSON.stringify(TWO_UNIFORM), "hidden-importance");
  const stranger = await addPerson(server, "stranger");
  const client = openSocket(server);
  const theirs = openSocket(stranger);
  const errorOf = (subscription: { next(): Promise<unknown> }) =>
    subscription
      .next()
      .catch((error: unknown) => (error instanceof Error ? error.message : JSON.stringify(error)));
  expect(await errorOf(subscribe(client, LIVE, { id, quantile: 0.3 }))).toContain("quantile is 0.3");
  expect(await errorOf(subscribe(theirs, LIVE, { id }))).toContain("NOT_FOUND");
  expect(await ask<{ sweep: null }>(stranger, ASK, { id })).toEqual({ sweep: null });
  await Promise.all([client.dispose(), theirs.dispose()]);
});

test("who is removed from the project hears no more of it", async () => {
  const server = started();
  const id = await createSweep(server, JSON.stringify(TWO_UNIFORM), "removed-importance");
  const [{ projectId } = { projectId: 0 }] = await server.db.sql<{ projectId: number }[]>`
    select project_id as "projectId" from sweeps where id = ${id}`;
  const guest = await addPerson(server, "guest");
  await joinProject(server, projectId, guest.userId, "viewer");
  const client = openSocket(guest);
  const subscription = subscribe<Changed>(client, LIVE, { id });
  expect((await subscription.next()).importanceChanged.runsUsed).toBe(0);
  const { viewer } = await ask<{ viewer: { name: string } }>(server, "{ viewer { name } }");
  await ask(
    server,
    `mutation { removeMember(input: {entity: "${viewer.name}", project: "removed-importance", user: "guest"}) { error { code } } }`,
  );
  const ended = await subscription.next().catch((error: unknown) => JSON.stringify(error));
  expect(ended).toContain("NOT_FOUND");
  await client.dispose();
});

test("what is computed for subscribers alone is given up when the last of them has gone", async () => {
  const server = started();
  const id = await createSweep(server, JSON.stringify(TWO_UNIFORM), "given-up");
  await endRuns(server.db, id, 60);
  const rows = () => server.db.sql<{ holder: string | null }[]>`
    select holder from importance_answers where sweep_id = ${id}`;
  const client = openSocket(server);
  await withoutMetrics(server.db, async () => {
    const waiting = subscribe<Changed>(client, LIVE, { id, metric: "loss" })
      .next()
      .catch(() => "ended");
    // Its row is there while it is computed, and stays with an answer alone.
    while ((await rows()).length === 0) await pause(20);
    await client.dispose();
    await waiting;
    await pause(GIVEN_UP_MS);
  });
  const isComputed = async () => (await rows()).every(({ holder }) => holder === null);
  while (!(await isComputed())) await pause(20);
  expect(await rows()).toEqual([]);
  const again = await ask<Answer>(server, ASK, { id, metric: "loss" });
  expect(again.sweep.importance.runsUsed).toBe(60);
});
