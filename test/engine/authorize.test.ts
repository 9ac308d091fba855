import { hostname } from "node:os";
import { expect, test } from "vitest";
import { listRuns } from "@/db/queries/filter-runs";
import { getRuns } from "@/db/queries/runs";
import { getSweep } from "@/db/queries/sweeps";
import { createApiKey, issueApiKey, revokeApiKey } from "@/engine/api-keys";
import { authenticate, authenticateSession, authorizeProject, forgetAccess } from "@/engine/authorize";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { createRun } from "@/engine/create-run";
import { createSweep } from "@/engine/create-sweep";
import { createFirstAdmin } from "@/engine/first-admin";
import { ensureLocalAdmin } from "@/engine/local-admin";
import { createLoginLink, endSession, redeemLoginLink } from "@/engine/sessions";
import { claimOne, codeOf, gridOf, type House, startSweep, withHouse } from "./support/house";

/** A user without any role, with a key. */
async function addUser(
  { db, context }: House,
  name: string,
): Promise<EngineContext & { userId: number; entityId: number }> {
  const [row] = await db.sql<{ userId: number; entityId: number }[]>`
    with e as (insert into entities (name, kind) values (${name}, 'user') returning id)
    insert into users (entity_id) select id from e returning id as "userId", entity_id as "entityId"`;
  if (row === undefined) throw new Error("no user");
  const { key } = await issueApiKey(db, { userId: row.userId, name: "first" });
  return { ...context, ...row, access: await authenticate(db, key), secret: key };
}

test("the first start makes one administrator, also when two servers start at once", () =>
  withHouse(async ({ db, other }) => {
    await db.sql`truncate users, api_keys, entities restart identity cascade`;
    const made = await Promise.all([
      createFirstAdmin(db, { name: "root" }),
      createFirstAdmin(other.db, { name: "root" }),
    ]);
    expect(made.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await createFirstAdmin(db, { name: "root" })).toBeUndefined();
    expect(await codeOf(createFirstAdmin(db, { name: "graphql" }))).toBe("NAME_RESERVED");
  }));

test("what the server gives by itself is written down: the first administrator, and keys for its own machine", () =>
  withHouse(async ({ db, key }) => {
    const before = await db.sql`select max(id) as id from audit_events`;
    expect(await ensureLocalAdmin(db, { name: "ada", known: key })).toMatchObject({ fresh: false });
    expect(await db.sql`select max(id) as id from audit_events`).toEqual(before);
    expect(await ensureLocalAdmin(db, { name: "ada", known: undefined })).toMatchObject({ fresh: true });
    const events = await db.sql<{ action: string; target: string; details: object }[]>`
      select action, target, details from audit_events where caller = 'system' and user_id is null order by id`;
    expect([...events]).toEqual([
      { action: "user.create", target: "ada", details: { admin: true } },
      {
        action: "api_key.create",
        target: "1",
        details: { name: "first key", prefix: key.slice(0, 10), userId: 1 },
      },
      {
        action: "api_key.create",
        target: "2",
        details: { name: `besom on ${hostname()}`, prefix: expect.stringMatching(/^besom-/), userId: 1 },
      },
    ]);
  }));

test("a key works until it is revoked, ends, or its user is disabled", () =>
  withHouse(async ({ db, context }) => {
    const { key, keyId } = await createApiKey(context, { name: "laptop" });
    if (key === null) throw new Error("no key");
    expect(await authenticate(db, key)).toMatchObject({ kind: "user", keyId, admin: true });
    await revokeApiKey(context, { keyId });
    expect(await codeOf(authenticate(db, key))).toBe("UNAUTHENTICATED");
    const short = await createApiKey(context, { name: "short", expiresAt: new Date(Date.now() + 3_600_000) });
    await db.sql`update api_keys set expires_at = now() - interval '1 second' where id = ${short.keyId}`;
    expect(await codeOf(authenticate(db, short.key ?? ""))).toBe("UNAUTHENTICATED");
    expect(await codeOf(createApiKey(context, { name: "past", expiresAt: new Date(0) }))).toBe("BAD_INPUT");
    const last = await createApiKey(context, { name: "last" });
    await db.sql`update users set disabled_at = now()`;
    expect(await codeOf(authenticate(db, last.key ?? ""))).toBe("UNAUTHENTICATED");
    for (const bad of ["", "besom-short", `besom-${"0".repeat(43)}`, "'; drop table users; --"]) {
      expect(await codeOf(authenticate(db, bad))).toBe("UNAUTHENTICATED");
    }
  }));

test("a run's key ends with the key it was derived from: revoked, past its end, or its user disabled", () =>
  withHouse(async ({ db, context }) => {
    const { key, keyId } = await createApiKey(context, { name: "box" });
    if (key === null) throw new Error("no key");
    const box: EngineContext = { ...context, access: await authenticate(db, key), secret: key };
    const claimed = await claimOne(box, await startSweep(box, gridOf(3)));
    const loose = await createRun(box, { project: "digits" });
    const other = await createRun(context, { project: "digits" });
    const state = async (apiKey: string) => {
      forgetAccess(db);
      return codeOf(authenticate(db, apiKey));
    };
    const ended = async () => {
      expect(await state(claimed.apiKey)).toBe("UNAUTHENTICATED");
      expect(await state(loose.apiKey)).toBe("UNAUTHENTICATED");
    };

    expect(await state(claimed.apiKey)).toBe("none");
    expect(await state(loose.apiKey)).toBe("none");
    await db.sql`update api_keys set expires_at = now() - interval '1 second' where id = ${keyId}`;
    await ended();
    await db.sql`update api_keys set expires_at = null`;
    expect(await state(claimed.apiKey)).toBe("none");
    await revokeApiKey(context, { keyId });
    await ended();
    expect(await state(other.apiKey)).toBe("none");
    await db.sql`update users set disabled_at = now()`;
    expect(await state(other.apiKey)).toBe("UNAUTHENTICATED");
  }));

test("a key asked for twice under one id is the same key", () =>
  withHouse(async ({ db, context, other }) => {
    const input = { name: "ci", clientMutationId: "k" };
    const [a, b] = await Promise.all([createApiKey(context, input), createApiKey(other, input)]);
    expect(a).toEqual(b);
    expect(await authenticate(db, a.key ?? "")).toMatchObject({ kind: "user" });
  }));

test("a login link works once and gives a session that can be ended", () =>
  withHouse(async ({ db }) => {
    const token = await createLoginLink(db, 1);
    const uses = await Promise.allSettled([redeemLoginLink(db, token), redeemLoginLink(db, token)]);
    const [won] = uses.flatMap((use) => (use.status === "fulfilled" ? [use.value] : []));
    expect(uses.filter(({ status }) => status === "rejected")).toHaveLength(1);
    if (won === undefined) throw new Error("nobody got in");
    const access = await authenticateSession(db, won.session);
    expect(access).toMatchObject({ kind: "user", userId: 1 });
    expect(access).not.toHaveProperty("keyId");
    await endSession(db, won.session);
    expect(await codeOf(authenticateSession(db, won.session))).toBe("UNAUTHENTICATED");
    expect(await codeOf(redeemLoginLink(db, "nonsense"))).toBe("UNAUTHENTICATED");
  }));

test("roles: a stranger sees nothing, a viewer looks, a member acts, a team counts", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const { sweepId, agentId } = await startSweep(context, gridOf(3));
    const claim = await claimOne(context, { sweepId, agentId });
    const eve = await addUser(house, "eve");
    const pause = (as: EngineContext) => codeOf(controlSweep(as, { sweepId, action: "pause" }));
    const sees = async (as: EngineContext) => (await getSweep(db, as.access, sweepId)) !== undefined;

    expect(await pause(eve)).toBe("NOT_FOUND");
    expect(await sees(eve)).toBe(false);
    expect(await getRuns(db, eve.access, [claim.runId])).toEqual([]);
    expect(await codeOf(createSweep(eve, { json: gridOf(1), entity: "ada", project: "new" }))).toBe(
      "NOT_FOUND",
    );

    const [project] = await db.sql<{ id: number; entity_id: number }[]>`select id, entity_id from projects`;
    if (project === undefined) throw new Error("no project");
    await db.sql`insert into project_members (project_id, user_id, role) values (${project.id}, ${eve.userId}, 'viewer')`;
    expect(await sees(eve)).toBe(true);
    expect(await pause(eve)).toBe("FORBIDDEN");
    expect(await codeOf(claimRuns(eve, { sweepId, agentId, count: 1 }))).toBe("FORBIDDEN");

    await db.sql`update project_members set role = 'member'`;
    forgetAccess(db);
    expect(await pause(eve)).toBe("none");
    expect(await codeOf(authorizeProject(eve, project.id, "admin"))).toBe("FORBIDDEN");

    await db.sql`delete from project_members`;
    await db.sql`insert into team_members (entity_id, user_id, role) values (${project.entity_id}, ${eve.userId}, 'member')`;
    forgetAccess(db);
    expect(await sees(eve)).toBe(true);
    expect(await pause(eve)).toBe("none");
    expect(await codeOf(createSweep(eve, { json: gridOf(1), entity: "ada", project: "new" }))).toBe("none");
    // what is one's own needs no role
    expect(await codeOf(createSweep(eve, { json: gridOf(1) }))).toBe("none");
  }));

test("a run's key reads its own run and nothing else", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const [mine, foreign] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    const access = await authenticate(db, mine.apiKey);
    expect(access).toMatchObject({ kind: "run", runId: mine.runId, attempt: 1, sweepId: sweep.sweepId });
    expect((await getRuns(db, access, [mine.runId, foreign.runId])).map(({ id }) => id)).toEqual([
      mine.runId,
    ]);
    const pages = await listRuns<string>(db, access, { sweepIds: [sweep.sweepId] }, { length: 10, asOf: 0 });
    expect(pages.get(sweep.sweepId)?.rows.map(({ id }) => id)).toEqual([mine.runId]);
    expect(await getSweep(db, access, sweep.sweepId)).toBeUndefined();
    expect(await codeOf(createSweep({ ...context, access }, { json: gridOf(1) }))).toBe("FORBIDDEN");
    expect(await codeOf(createApiKey({ ...context, access }, { name: "x" }))).toBe("FORBIDDEN");
  }));
