import { expect, test } from "vitest";
import { membersOfEntities, membersOfProjects } from "@/db/queries/members";
import { getProjects } from "@/db/queries/projects";
import { acceptInvitation, acceptInvitationAsNew, viewInvitation } from "@/engine/accounts/accept-invitation";
import { approveDevice, pollDeviceLogin, startDeviceLogin } from "@/engine/accounts/device-login";
import { createInvitation, revokeInvitation } from "@/engine/accounts/invitations";
import { removeMember, setMember } from "@/engine/accounts/members";
import { updateProfile } from "@/engine/accounts/profile";
import { createTeam, deleteTeam } from "@/engine/accounts/teams";
import { setUser } from "@/engine/accounts/users";
import { createApiKey, revokeApiKey } from "@/engine/api-keys";
import { authenticate, authenticateSession, forgetAccess } from "@/engine/authorize";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { createSweep } from "@/engine/create-sweep";
import { deleteProject } from "@/engine/delete-project";
import { registerAgent } from "@/engine/register-agent";
import { endSessionById, requestLoginLink } from "@/engine/sessions";
import { addUser, asKey, asSession } from "./support/accounts";
import { claimOne, codeOf, gridOf, type House, startSweep, withHouse } from "./support/house";

const projectOf = async ({ db }: House, sweepId: string): Promise<number> => {
  const [row] = await db.sql<{ id: number }[]>`select project_id as id from sweeps where id = ${sweepId}`;
  return row?.id ?? 0;
};

test("a team: its admins decide who is in it, its last admin stays, it goes when it has no projects", () =>
  withHouse(async (house) => {
    const { db } = house;
    const [ann, bob, eve] = [
      await addUser(house, "ann"),
      await addUser(house, "bob"),
      await addUser(house, "eve"),
    ];
    expect(await createTeam(ann, { name: "Lab" })).toEqual({ team: "Lab" });
    expect(await codeOf(createTeam(bob, { name: "lab" }))).toBe("NAME_TAKEN");
    expect(await codeOf(createTeam(bob, { name: "ANN" }))).toBe("NAME_TAKEN");
    expect(await codeOf(createTeam(bob, { name: "Login" }))).toBe("NAME_RESERVED");
    expect(await codeOf(createTeam(bob, { name: "a/b" }))).toBe("BAD_INPUT");

    // Who is not in it doesn't know of it; who is no admin may only look.
    expect(await codeOf(setMember(bob, { team: "Lab", user: "bob", role: "admin" }))).toBe("NOT_FOUND");
    const { userId, entityId } = await setMember(ann, { team: "lab", user: "BOB", role: "member" });
    expect(userId).toBe(bob.userId);
    expect(await codeOf(setMember(bob, { team: "Lab", user: "bob", role: "admin" }))).toBe("FORBIDDEN");
    expect(await codeOf(removeMember(bob, { team: "Lab", user: "ann" }))).toBe("FORBIDDEN");
    expect(await codeOf(setMember(ann, { team: "Lab", user: "nobody", role: "viewer" }))).toBe("NOT_FOUND");
    const names = async (as: EngineContext) =>
      (await membersOfEntities(db, as.access, [entityId])).map(({ name, role }) => `${name} ${role}`);
    expect(await names(bob)).toEqual(["ann admin", "bob member"]);
    expect(await names(eve)).toEqual([]);

    expect(await codeOf(removeMember(ann, { team: "Lab", user: "ann" }))).toBe("ILLEGAL_MOVE");
    expect(await codeOf(setMember(ann, { team: "Lab", user: "ann", role: "member" }))).toBe("ILLEGAL_MOVE");
    await setMember(ann, { team: "Lab", user: "bob", role: "admin" });
    await removeMember(ann, { team: "Lab", user: "ann" });
    expect(await codeOf(removeMember(bob, { team: "Lab", user: "ann" }))).toBe("NOT_FOUND");

    const { sweepId } = await createSweep(bob, { json: gridOf(2), entity: "Lab", project: "digits" });
    expect(await codeOf(deleteTeam(bob, { team: "Lab" }))).toBe("ILLEGAL_MOVE");
    await deleteProject(bob, { projectId: await projectOf(house, sweepId), confirm: "digits" });
    expect(await codeOf(deleteTeam(ann, { team: "Lab" }))).toBe("NOT_FOUND");
    await deleteTeam(bob, { team: "Lab" });
    expect(await createTeam(eve, { name: "lab" })).toEqual({ team: "lab" });
  }));

test("two admins who remove each other at the same moment leave one", () =>
  withHouse(async (house) => {
    const [ann, bob] = [await addUser(house, "ann"), await addUser(house, "bob")];
    await createTeam(ann, { name: "lab" });
    for (let round = 0; round < 5; round++) {
      await house.db.sql`
        insert into team_members (entity_id, user_id, role) select e.id, u.id, 'admin' from entities e, users u
        where e.name = 'lab' and u.id in (${ann.userId}, ${bob.userId}) on conflict do nothing`;
      forgetAccess(house.db);
      const elsewhere = { ...bob, db: house.other.db };
      forgetAccess(elsewhere.db);
      await Promise.allSettled([
        removeMember(ann, { team: "lab", user: "bob" }),
        removeMember(elsewhere, { team: "lab", user: "ann" }),
        setUser(house.context, { name: "bob", disabled: true }),
      ]);
      const left = await house.db.sql`
        select from team_members t join users u on u.id = t.user_id where t.role = 'admin' and u.disabled_at is null`;
      expect(left.length).toBeGreaterThan(0);
      await house.db.sql`update users set disabled_at = null`;
    }
    // The same for the server's own administrators.
    await setUser(house.context, { name: "ann", admin: true });
    forgetAccess(house.db);
    const root = { ...ann, access: await authenticate(house.db, ann.secret ?? "") };
    const done = await Promise.allSettled([
      setUser(house.other, { name: "ann", admin: false }),
      setUser(root, { name: "ada", disabled: true }),
    ]);
    expect(await house.db.sql`select from users where admin and disabled_at is null`).not.toHaveLength(0);
    expect(done.some(({ status }) => status === "fulfilled")).toBe(true);
  }));

test("removing a member ends what they can do at once: their keys, those of their runs, their view", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const eve = await addUser(house, "eve");
    const sweep = await startSweep(context, gridOf(5));
    const projectId = await projectOf(house, sweep.sweepId);
    await setMember(context, { project: "digits", user: "eve", role: "member" });
    const { agentId } = await startAgent(eve, sweep.sweepId);
    const claim = await claimOne(eve, { sweepId: sweep.sweepId, agentId });
    expect(await codeOf(authenticate(db, claim.apiKey))).toBe("none");
    expect(
      (await membersOfProjects(db, eve.access, [projectId])).map(({ name, source }) => [name, source]),
    ).toEqual([
      ["ada", "owner"],
      ["eve", "project"],
    ]);
    expect(await codeOf(setMember(context, { project: "digits", user: "ada", role: "viewer" }))).toBe(
      "ILLEGAL_MOVE",
    );

    // A viewer looks on, and works no more.
    await setMember(context, { project: "digits", user: "eve", role: "viewer" });
    expect(await codeOf(authenticate(db, claim.apiKey))).toBe("UNAUTHENTICATED");
    expect(await codeOf(claimRuns(eve, { sweepId: sweep.sweepId, agentId, count: 1 }))).toBe("FORBIDDEN");
    expect(await getProjects(db, eve.access, [projectId])).toHaveLength(1);
    await removeMember(context, { project: "digits", user: "eve" });
    expect(await codeOf(claimRuns(eve, { sweepId: sweep.sweepId, agentId, count: 1 }))).toBe("NOT_FOUND");
    expect(await getProjects(db, eve.access, [projectId])).toEqual([]);
  }));

test("a key does no more than its scope, and knows no more than its project", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const ann = await addUser(house, "ann");
    const one = await createSweep(ann, { json: gridOf(3), project: "one" });
    const two = await createSweep(ann, { json: gridOf(3), project: "two" });
    const [p1, p2] = [await projectOf(house, one.sweepId), await projectOf(house, two.sweepId)];
    const read = await asKey(ann, { name: "read", scope: "read" });
    const write = await asKey(ann, { name: "write", scope: "write" });
    const only = await asKey(ann, { name: "only", scope: "full", project: "one" });
    const pause = (as: EngineContext, sweepId: string) =>
      codeOf(controlSweep(as, { sweepId, action: "pause" }));
    const seen = async (as: EngineContext) =>
      (await getProjects(db, as.access, [p1, p2])).map(({ id }) => id);

    expect([await seen(read), await seen(write), await seen(only)]).toEqual([[p1, p2], [p1, p2], [p1]]);
    expect([await pause(read, one.sweepId), await pause(write, one.sweepId)]).toEqual(["FORBIDDEN", "none"]);
    expect([await pause(only, one.sweepId), await pause(only, two.sweepId)]).toEqual(["none", "NOT_FOUND"]);
    expect(await codeOf(createSweep(read, { json: gridOf(1), project: "one" }))).toBe("FORBIDDEN");
    expect(await codeOf(createSweep(write, { json: gridOf(1), project: "new" }))).toBe("none");
    expect(await codeOf(createSweep(only, { json: gridOf(1), project: "new2" }))).toBe("NOT_FOUND");
    expect(await codeOf(deleteProject(write, { projectId: p1, confirm: "one" }))).toBe("FORBIDDEN");
    for (const weak of [read, write, only]) {
      expect(await codeOf(createApiKey(weak, { name: "more" }))).toBe("FORBIDDEN");
      expect(await codeOf(requestLoginLink(weak, {}))).toBe("FORBIDDEN");
      expect(await codeOf(createTeam(weak, { name: "weak" }))).toBe("FORBIDDEN");
      expect(await codeOf(setMember(weak, { project: "one", user: "ada", role: "viewer" }))).toBe(
        "FORBIDDEN",
      );
    }
    // An administrator's key is one only when it is whole.
    const admin = await asKey(context, { name: "whole" });
    const capped = await asKey(context, { name: "capped", scope: "write" });
    expect([await seen(admin), await seen(capped)]).toEqual([[p1, p2], []]);
    expect(await codeOf(setUser(capped, { name: "ann", admin: true }))).toBe("FORBIDDEN");
  }));

test("a key's scope holds for the keys of its runs, and a project's key for its project alone", () =>
  withHouse(async (house) => {
    const { context, db } = house;
    const sweep = await startSweep(context, gridOf(3));
    const box = await asKey(context, { name: "box", scope: "write", project: "digits" });
    const { agentId } = await startAgent(box, sweep.sweepId);
    const claim = await claimOne(box, { sweepId: sweep.sweepId, agentId });
    expect(await authenticate(db, claim.apiKey)).toMatchObject({ kind: "run", runId: claim.runId });
    await revokeApiKey(context, { keyId: box.keyId });
    expect(await codeOf(authenticate(db, claim.apiKey))).toBe("UNAUTHENTICATED");
  }));

test("the same id a day later makes a new key and a new link, not an error", () =>
  withHouse(async ({ db, context, other }) => {
    const input = { name: "ci", clientMutationId: "k" };
    const [a, b] = await Promise.all([createApiKey(context, input), createApiKey(other, input)]);
    expect(a).toEqual(b);
    const links = await Promise.all([
      requestLoginLink(context, { clientMutationId: "l" }),
      requestLoginLink(other, { clientMutationId: "l" }),
    ]);
    expect(links[0]).toBe(links[1]);
    const invite = { clientMutationId: "i", expiresInDays: 1 };
    const [first, again] = await Promise.all([
      createInvitation(context, invite),
      createInvitation(other, invite),
    ]);
    expect(first).toEqual(again);

    await db.sql`delete from idempotency_answers`;
    const later = await createApiKey(context, input);
    expect(later.key).not.toBe(a.key);
    expect(await codeOf(authenticate(db, later.key ?? ""))).toBe("none");
    expect(await requestLoginLink(context, { clientMutationId: "l" })).not.toBe(links[0]);
    expect((await createInvitation(context, invite)).token).not.toBe(first.token);
  }));

test("a disabled user is nobody until they are let in again; sessions don't come back", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const eve = await addUser(house, "eve");
    const session = await asSession(house, eve.userId);
    const key = eve.secret ?? "";
    expect(await codeOf(setUser(eve, { name: "eve", admin: true }))).toBe("FORBIDDEN");
    await setUser(context, { name: "EVE", disabled: true });
    expect(await codeOf(authenticate(db, key))).toBe("UNAUTHENTICATED");
    expect(await codeOf(authenticateSession(db, session.token))).toBe("UNAUTHENTICATED");
    expect(await codeOf(setMember(context, { project: "x", user: "eve", role: "viewer" }))).toBe("NOT_FOUND");
    await setUser(context, { name: "eve", disabled: false });
    expect(await codeOf(authenticate(db, key))).toBe("none");
    expect(await codeOf(authenticateSession(db, session.token))).toBe("UNAUTHENTICATED");
    expect(await codeOf(setUser(context, { name: "ada", admin: false }))).toBe("ILLEGAL_MOVE");
    expect(await codeOf(setUser(context, { name: "ada", disabled: true }))).toBe("ILLEGAL_MOVE");
    expect(await codeOf(setUser(context, { name: "nobody", disabled: true }))).toBe("NOT_FOUND");
  }));

test("a team whose last admin is disabled is led by whoever disabled them, and keeps nobody from it", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const [ann, eve] = [await addUser(house, "ann"), await addUser(house, "eve")];
    await createTeam(eve, { name: "one" });
    await createTeam(eve, { name: "two" });
    await setMember(eve, { team: "two", user: "ann", role: "admin" });
    await setUser(context, { name: "eve", disabled: true });
    expect(await codeOf(authenticate(db, eve.secret))).toBe("UNAUTHENTICATED");
    const leaders = await db.sql`
      select te.name as team, ue.name as user from team_members t join entities te on te.id = t.entity_id
      join users u on u.id = t.user_id join entities ue on ue.id = u.entity_id
      where t.role = 'admin' and u.disabled_at is null order by 1`;
    expect([...leaders]).toEqual([
      { team: "one", user: "ada" },
      { team: "two", user: "ann" },
    ]);
    const [event] = await db.sql`
      select a.target, a.details, e.name as team from audit_events a join entities e on e.id = a.entity_id
      order by a.id desc limit 1`;
    expect(event).toEqual({
      target: "ada",
      details: { in: "one", role: "admin", insteadOf: "eve" },
      team: "one",
    });
    // Nobody does so to themselves.
    await setUser(context, { name: "ann", admin: true });
    forgetAccess(db);
    expect(await codeOf(setUser(context, { name: "ada", disabled: true }))).toBe("ILLEGAL_MOVE");
    const asAnn = { ...ann, access: await authenticate(db, ann.secret) };
    expect(await codeOf(setUser(asAnn, { name: "ada", disabled: true }))).toBe("none");
  }));

test("an invitation lets one person in, once, to where whoever made it may still invite", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const [ann, bob] = [await addUser(house, "ann"), await addUser(house, "bob")];
    await createTeam(ann, { name: "lab" });
    expect(await codeOf(createInvitation(ann, {}))).toBe("FORBIDDEN");
    expect(await codeOf(createInvitation(ann, { team: "lab", admin: true }))).toBe("FORBIDDEN");
    expect(await codeOf(createInvitation(bob, { team: "lab" }))).toBe("NOT_FOUND");
    expect(await codeOf(createInvitation(ann, { team: "lab", expiresInDays: 91 }))).toBe("BAD_INPUT");
    expect(await codeOf(createInvitation(ann, { team: "lab", email: "no address" }))).toBe("BAD_INPUT");

    const { token = "" } = await createInvitation(ann, {
      team: "lab",
      role: "admin",
      email: "Zoe@Example.org",
    });
    expect(await viewInvitation(db, token)).toMatchObject({
      team: "lab",
      role: "admin",
      email: "zoe@example.org",
      project: null,
    });
    const zoe = { token, name: "zoe", password: "violet otter harbour" };
    const both = await Promise.allSettled([
      acceptInvitationAsNew(db, zoe, {}),
      acceptInvitationAsNew(house.other.db, zoe, {}),
    ]);
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await codeOf(acceptInvitationAsNew(db, { ...zoe, name: "zoe2" }, {}))).toBe("UNAUTHENTICATED");
    const [made] = await db.sql`
      select u.email, u.admin, t.role from users u join entities e on e.id = u.entity_id
      join team_members t on t.user_id = u.id where e.name = 'zoe'`;
    expect(made).toEqual({ email: "zoe@example.org", admin: false, role: "admin" });

    // By somebody who has an account: a stronger role stays, a second click is no mistake.
    const weaker = await createInvitation(ann, { team: "lab", role: "viewer" });
    expect(await acceptInvitation(ann, { token: weaker.token })).toEqual({ path: "/lab" });
    expect(await acceptInvitation(ann, { token: weaker.token })).toEqual({ path: "/lab" });
    expect(
      await db.sql`select from team_members where user_id = ${ann.userId} and role = 'admin'`,
    ).toHaveLength(1);

    const revoked = await createInvitation(ann, { team: "lab" });
    expect(await codeOf(revokeInvitation(bob, { invitationId: revoked.invitationId }))).toBe("NOT_FOUND");
    await revokeInvitation(ann, { invitationId: revoked.invitationId });
    expect(await codeOf(acceptInvitation(bob, { token: revoked.token }))).toBe("UNAUTHENTICATED");
    const orphan = await createInvitation(ann, { team: "lab" });
    await removeMember(ann, { team: "lab", user: "ann" });
    expect(await codeOf(acceptInvitation(bob, { token: orphan.token }))).toBe("UNAUTHENTICATED");
    const plain = await createInvitation(context, {});
    await db.sql`update invitations set expires_at = now() - interval '1 second'`;
    expect(await codeOf(viewInvitation(db, plain.token))).toBe("UNAUTHENTICATED");
    expect(await codeOf(viewInvitation(db, "nonsense"))).toBe("UNAUTHENTICATED");
  }));

test("a terminal is let in by somebody who is signed in, and gets its key once", () =>
  withHouse(async (house) => {
    const { db } = house;
    const ann = await addUser(house, "ann");
    const start = (label: string, address = "10.0.0.7", near = address) =>
      startDeviceLogin(db, { label, address, near });
    const { deviceCode, userCode } = await start("box");
    const poll = (code = deviceCode) => pollDeviceLogin(db, { deviceCode: code, address: "10.0.0.7" });
    expect(userCode).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    expect(await poll()).toEqual({ status: "pending" });
    expect(await codeOf(approveDevice(ann, { userCode: "BBBB-BBBB", approve: true }))).toBe("NOT_FOUND");
    expect(
      await approveDevice(ann, { userCode: userCode.toLowerCase().replace("-", " "), approve: true }),
    ).toEqual({
      label: "box",
      approved: true,
    });
    const answers = await Promise.all([poll(), poll()]);
    expect(answers.map(({ status }) => status).sort()).toEqual(["approved", "expired"]);
    const letIn = answers.find((one) => one.status === "approved");
    if (letIn?.status !== "approved") throw new Error("nobody was let in");
    expect(await authenticate(db, letIn.key)).toMatchObject({
      kind: "user",
      userId: ann.userId,
      scope: "full",
    });
    expect(letIn.name).toBe("ann");

    const denied = await start("other");
    await approveDevice(ann, { userCode: denied.userCode, approve: false });
    expect(await poll(denied.deviceCode)).toEqual({ status: "denied" });
    expect(await codeOf(approveDevice(ann, { userCode: denied.userCode, approve: true }))).toBe("NOT_FOUND");
    const late = await start("late");
    await db.sql`update device_logins set expires_at = now() - interval '1 second'`;
    expect(await poll(late.deviceCode)).toEqual({ status: "expired" });
    expect(await codeOf(poll("guess"))).toBe("UNAUTHENTICATED");
    await db.sql`delete from device_logins`;
    for (let i = 0; i < 30; i++) await start("flood", "10.0.0.8");
    expect(await codeOf(start("flood", "10.0.0.8"))).toBe("RATE_LIMITED");
    expect(await codeOf(start("fair", "10.0.0.9"))).toBe("none");
    // With IPv6 everybody has a network of 2^64 addresses.
    for (let i = 1; i <= 30; i++) await start("flood", `2001:db8::${i}`, "2001:db8:0:0::/64");
    expect(await codeOf(start("flood", "2001:db8::ffff", "2001:db8:0:0::/64"))).toBe("RATE_LIMITED");
    expect(await codeOf(start("fair", "2001:db8:0:1::1", "2001:db8:0:1::/64"))).toBe("none");
    expect(await codeOf(start("zone", "fe80::1%eth0", "fe80:0:0:0::/64"))).toBe("none");
    expect(await codeOf(start("unknown", "", ""))).toBe("none");
  }));

test("a profile: what is absent stays, null goes, an address is one person's", () =>
  withHouse(async (house) => {
    const [ann, bob] = [await addUser(house, "ann"), await addUser(house, "bob")];
    const read = async () =>
      (await house.db.sql`select display_name as name, email from users where id = ${ann.userId}`)[0];
    await updateProfile(ann, { displayName: "Ann", email: "Ann@Example.org" });
    await updateProfile(ann, { displayName: null });
    expect(await read()).toEqual({ name: null, email: "ann@example.org" });
    expect(await codeOf(updateProfile(bob, { email: "ANN@example.org" }))).toBe("NAME_TAKEN");
    await updateProfile(ann, { email: null });
    expect(await codeOf(updateProfile(bob, { email: "ann@example.org" }))).toBe("none");
  }));

test("sessions are listed and ended by their own user only", () =>
  withHouse(async (house) => {
    const [ann, bob] = [await addUser(house, "ann"), await addUser(house, "bob")];
    const session = await asSession(house, ann.userId);
    const sessionId = session.access.kind === "user" ? (session.access.sessionId ?? 0) : 0;
    expect(await codeOf(endSessionById(bob, { sessionId }))).toBe("NOT_FOUND");
    await endSessionById(ann, { sessionId });
    expect(await codeOf(authenticateSession(house.db, session.token))).toBe("UNAUTHENTICATED");
  }));

test("what changes rights is written down, where those who lead can find it", () =>
  withHouse(async (house) => {
    const ann = await addUser(house, "ann");
    await addUser(house, "bob");
    await createTeam(ann, { name: "lab" });
    await setMember(ann, { team: "lab", user: "bob", role: "viewer" });
    await removeMember(ann, { team: "lab", user: "bob" });
    const { sweepId } = await createSweep(ann, { json: gridOf(1), entity: "lab", project: "p" });
    await controlSweep(ann, { sweepId, action: "cancel" });
    const events = await house.db.sql<{ action: string; entity: string | null; project: boolean }[]>`
      select action, e.name as entity, project_id is not null as project
      from audit_events a left join entities e on e.id = a.entity_id where a.user_id = ${ann.userId} order by a.id`;
    expect(events.map(({ action, entity, project }) => [action, entity, project])).toEqual([
      ["team.create", "lab", false],
      ["member.set", "lab", false],
      ["member.remove", "lab", false],
      ["sweep.cancel", "lab", true],
    ]);
  }));

async function startAgent(context: EngineContext, sweepId: string) {
  return registerAgent(context, { sweepId, host: "box" });
}
