import fc from "fast-check";
import { expect, test } from "vitest";
import { KEY_SCOPES, type KeyScope, ROLES, type Role } from "@/core/access";
import { getProjects } from "@/db/queries/projects";
import { removeMember, setMember } from "@/engine/accounts/members";
import { createTeam } from "@/engine/accounts/teams";
import { setUser } from "@/engine/accounts/users";
import { authenticate, authorizeProject, forgetAccess } from "@/engine/authorize";
import type { EngineContext } from "@/engine/context";
import { createSweep } from "@/engine/create-sweep";
import { addUser, asKey, type Someone } from "./support/accounts";
import { codeOf, gridOf, type House, withHouse } from "./support/house";

/**
 * Random sequences of grants and removals, by random callers on two servers, against a plain model: afterwards each
 * key of each user may do in each project exactly what the model says, for reads as for writes.
 */

const NAMES = ["ann", "bob", "eve"] as const;
type Name = (typeof NAMES)[number];
/** Ann's own, and one of the team that she has made. */
const PROJECTS = ["ann/own", "lab/shared"] as const;
type Project = (typeof PROJECTS)[number];
const STRENGTH: Record<Role, number> = { viewer: 1, member: 2, admin: 3 };
const CAP: Record<KeyScope, number> = { read: 1, write: 2, full: 3 };

class Model {
  readonly team = new Map<Name, Role>([["ann", "admin"]]);
  readonly project = new Map<Project, Map<Name, Role>>(PROJECTS.map((path) => [path, new Map()]));
  readonly admins = new Set<Name>();
  readonly disabled = new Set<Name>();
  /** Has disabled the last of the team's admins. */
  rootLeads = false;

  /** What a user may do in a project, before the key's cap. */
  strength(name: Name, path: Project): number {
    if (this.admins.has(name)) return 3;
    return this.ownStrength(name, path);
  }

  ownStrength(name: Name, path: Project): number {
    const team = path.startsWith("lab/") ? this.team.get(name) : undefined;
    const own = this.project.get(path)?.get(name);
    const owner = path.startsWith(`${name}/`) ? 3 : 0;
    return Math.max(owner, team ? STRENGTH[team] : 0, own ? STRENGTH[own] : 0);
  }

  /** Whether a change of the team's members leaves somebody to lead it. */
  leads(except: Name): boolean {
    return (
      this.rootLeads ||
      [...this.team].some(([name, role]) => name !== except && role === "admin" && !this.disabled.has(name))
    );
  }
}

type Step =
  | { kind: "team"; by: Name | "root"; user: Name; role: Role | undefined; server: 0 | 1 }
  | { kind: "project"; by: Name | "root"; user: Name; role: Role | undefined; path: Project; server: 0 | 1 }
  | { kind: "user"; by: Name | "root"; user: Name; admin: boolean; disabled: boolean; server: 0 | 1 };

const by = fc.constantFrom<Name | "root">(...NAMES, "root", "root");
const user = fc.constantFrom(...NAMES);
const role = fc.option(fc.constantFrom(...ROLES), { nil: undefined });
const server = fc.constantFrom<0 | 1>(0, 1);
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("team" as const), by, user, role, server }),
    fc.record({
      kind: fc.constant("project" as const),
      by,
      user,
      role,
      path: fc.constantFrom(...PROJECTS),
      server,
    }),
    fc.record({
      kind: fc.constant("user" as const),
      by,
      user,
      admin: fc.boolean(),
      disabled: fc.boolean(),
      server,
    }),
  ),
  { minLength: 4, maxLength: 14 },
);

/** What the model says of a step; it is applied only when it says "none". */
function predict(model: Model, step: Step): string {
  const caller = step.by;
  if (caller !== "root" && model.disabled.has(caller)) return "UNAUTHENTICATED";
  const strengthAt = (path: Project) => (caller === "root" ? 3 : model.strength(caller, path));
  if (step.kind === "user") {
    if (caller !== "root" && !model.admins.has(caller)) return "FORBIDDEN";
    if (step.disabled && !model.disabled.has(step.user)) {
      if (model.team.get(step.user) === "admin" && !model.leads(step.user)) {
        if (caller === step.user) return "ILLEGAL_MOVE";
        if (caller === "root") model.rootLeads = true;
        else model.team.set(caller, "admin");
      }
    }
    if (step.admin) model.admins.add(step.user);
    else model.admins.delete(step.user);
    if (step.disabled) model.disabled.add(step.user);
    else model.disabled.delete(step.user);
    return "none";
  }
  const oneself = step.role === undefined && caller === step.user;
  const need = oneself ? 1 : 3;
  if (step.kind === "team") {
    const team = caller === "root" || model.admins.has(caller) ? "admin" : model.team.get(caller);
    const strength = team ? STRENGTH[team] : 0;
    if (strength === 0) return "NOT_FOUND";
    if (strength < need) return "FORBIDDEN";
    if (step.role !== undefined && model.disabled.has(step.user)) return "ILLEGAL_MOVE";
    const before = model.team.get(step.user);
    if (before === "admin" && step.role !== "admin" && !model.leads(step.user)) return "ILLEGAL_MOVE";
    if (step.role === undefined) {
      if (before === undefined) return "NOT_FOUND";
      model.team.delete(step.user);
    } else model.team.set(step.user, step.role);
    return "none";
  }
  const strength = strengthAt(step.path);
  if (strength === 0) return "NOT_FOUND";
  if (strength < need) return "FORBIDDEN";
  if (step.role !== undefined && model.disabled.has(step.user)) return "ILLEGAL_MOVE";
  if (step.path.startsWith(`${step.user}/`)) return "ILLEGAL_MOVE";
  const members = model.project.get(step.path);
  if (step.role === undefined) return members?.delete(step.user) ? "none" : "NOT_FOUND";
  members?.set(step.user, step.role);
  return "none";
}

test(
  "after any grants and removals everybody may do what the model says, on both servers",
  { timeout: 120_000 },
  () =>
    fc.assert(
      fc.asyncProperty(steps, (sequence) =>
        withHouse(async (house) => {
          const { context, other } = house;
          const people = new Map<Name, Someone>();
          for (const name of NAMES) people.set(name, await addUser(house, name));
          const person = (name: Name): Someone => {
            const found = people.get(name);
            if (found === undefined) throw new Error(`no ${name}`);
            return found;
          };
          await createTeam(person("ann"), { name: "lab" });
          const ids = new Map<Project, number>();
          for (const path of PROJECTS) {
            const [entity = "", project = ""] = path.split("/");
            const { sweepId } = await createSweep(person("ann"), { json: gridOf(1), entity, project });
            const [row] = await house.db.sql<
              { id: number }[]
            >`select project_id as id from sweeps where id = ${sweepId}`;
            ids.set(path, row?.id ?? 0);
          }
          const keys = new Map<Name, Map<KeyScope, string>>();
          for (const name of NAMES) {
            const made = new Map<KeyScope, string>();
            for (const scope of KEY_SCOPES)
              made.set(scope, (await asKey(person(name), { name: scope, scope })).secret);
            keys.set(name, made);
          }
          const limited = (await asKey(person("ann"), { name: "limited", project: "own" })).secret;

          const model = new Model();
          const databases = [context.db, other.db];
          for (const step of sequence) {
            const db = databases[step.server] ?? context.db;
            // What the other server remembers of a change ends by the signal between them, which has its own tests.
            for (const one of databases) forgetAccess(one);
            const expected = predict(model, step);
            const caller = { ...context, db };
            const act = async () => {
              const secret = step.by === "root" ? (context.secret ?? "") : person(step.by).secret;
              const as: EngineContext = { ...caller, access: await authenticate(db, secret), secret };
              const realm =
                step.kind === "project"
                  ? { entity: step.path.split("/")[0], project: step.path.split("/")[1] }
                  : { team: "lab" };
              if (step.kind === "user") {
                await setUser(as, { name: step.user, admin: step.admin, disabled: step.disabled });
              } else if (step.role === undefined) await removeMember(as, { ...realm, user: step.user });
              else await setMember(as, { ...realm, user: step.user, role: step.role });
            };
            expect([step, await codeOf(act())]).toEqual([step, expected]);
          }
          await compare(house, model, { ids, keys, limited });
        }),
      ),
      { numRuns: 10 },
    ),
);

interface Keys {
  ids: ReadonlyMap<Project, number>;
  keys: ReadonlyMap<Name, ReadonlyMap<KeyScope, string>>;
  limited: string;
}

async function compare({ context, other }: House, model: Model, { ids, keys, limited }: Keys): Promise<void> {
  for (const db of [context.db, other.db]) {
    forgetAccess(db);
    for (const [name, scopes] of keys) {
      for (const [scope, secret] of scopes) {
        if (model.disabled.has(name)) {
          expect(await codeOf(authenticate(db, secret))).toBe("UNAUTHENTICATED");
          continue;
        }
        const access = await authenticate(db, secret);
        for (const [path, id] of ids) {
          const strength = scope === "full" ? model.strength(name, path) : model.ownStrength(name, path);
          expect([name, scope, path, await mayDo(db, access, id)]).toEqual([
            name,
            scope,
            path,
            allowed(strength, CAP[scope]),
          ]);
          expect(await getProjects(db, access, [id])).toHaveLength(strength > 0 ? 1 : 0);
        }
      }
    }
    if (model.disabled.has("ann")) continue;
    const access = await authenticate(db, limited);
    expect(await mayDo(db, access, ids.get("ann/own") ?? 0)).toEqual(allowed(3, 3));
    expect(await mayDo(db, access, ids.get("lab/shared") ?? 0)).toEqual(allowed(0, 3));
  }
}

async function mayDo(db: EngineContext["db"], access: EngineContext["access"], projectId: number) {
  const codes: Record<string, string> = {};
  for (const one of ROLES) codes[one] = await codeOf(authorizeProject({ db, access }, projectId, one));
  return codes;
}

function allowed(strength: number, cap: number): Record<string, string> {
  const codes: Record<string, string> = {};
  for (const one of ROLES) {
    const enough = Math.min(strength, cap) >= STRENGTH[one];
    codes[one] = strength === 0 ? "NOT_FOUND" : enough ? "none" : "FORBIDDEN";
  }
  return codes;
}
