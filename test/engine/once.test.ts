import { describe, expect, test } from "vitest";
import type { Database } from "@/db/client";
import { changePassword } from "@/engine/accounts/change-password";
import { removeMember, setMember } from "@/engine/accounts/members";
import { createTeam, deleteTeam } from "@/engine/accounts/teams";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { deleteProject } from "@/engine/delete-project";
import { deleteRun } from "@/engine/delete-run";
import { deleteRuns } from "@/engine/delete-runs";
import { addUser } from "./support/accounts";
import { gridOf, type House, startSweep, withHouse } from "./support/house";

type Verb = (context: EngineContext) => Promise<unknown>;

/** A server whose first look for an earlier answer finds none, and which then is held up until `meanwhile` is done. */
function slowed(context: EngineContext, meanwhile: () => Promise<unknown>): EngineContext {
  let held = false;
  const sql = new Proxy(context.db.sql, {
    apply(target, self, args: [TemplateStringsArray, ...unknown[]]) {
      const rows = Reflect.apply(target as never, self, args);
      if (held || !args[0].raw?.join("").includes("from idempotency_answers")) return rows;
      held = true;
      return Promise.resolve(rows).then(async (found) => {
        await meanwhile();
        return found;
      });
    },
  }) as Database["sql"];
  return { ...context, db: { ...context.db, sql } };
}

const clientMutationId = "sent-twice";

const VERBS: Record<string, (house: House) => Promise<{ caller: EngineContext; verb: Verb }>> = {
  removeMember: async (house) => {
    const bob = await addUser(house, "bob");
    await createTeam(house.context, { name: "lab" });
    await setMember(house.context, { team: "lab", user: "bob", role: "member" });
    return { caller: bob, verb: (by) => removeMember(by, { team: "lab", user: "bob", clientMutationId }) };
  },
  deleteTeam: async ({ context }) => {
    await createTeam(context, { name: "lab" });
    return { caller: context, verb: (by) => deleteTeam(by, { team: "lab", clientMutationId }) };
  },
  deleteProject: async ({ db, context }) => {
    await startSweep(context, gridOf(1));
    const [row] = await db.sql<{ id: number }[]>`select id from projects`;
    const input = { projectId: row?.id ?? 0, confirm: "digits", clientMutationId };
    return { caller: context, verb: (by) => deleteProject(by, input) };
  },
  deleteRun: async ({ context }) => {
    const { claims } = await claimRuns(context, { ...(await startSweep(context, gridOf(1))), count: 1 });
    const input = { runId: claims[0]?.runId ?? 0, clientMutationId };
    return { caller: context, verb: (by) => deleteRun(by, input) };
  },
  deleteRuns: async ({ context }) => {
    const { claims } = await claimRuns(context, { ...(await startSweep(context, gridOf(2))), count: 2 });
    const input = { runIds: claims.map(({ runId }) => runId), clientMutationId };
    return { caller: context, verb: (by) => deleteRuns(by, input) };
  },
  changePassword: async (house) => {
    const ann = await addUser(house, "ann");
    await changePassword(ann, { password: "what she has had so far" });
    const input = { current: "what she has had so far", password: "what she wants now", clientMutationId };
    return { caller: ann, verb: (by) => changePassword(by, input) };
  },
};

describe("a call that is sent again while the first is under way gets the first one's answer, though what it names is gone by then", () => {
  test.each(Object.keys(VERBS))("%s", (name) =>
    withHouse(async (house) => {
      const { caller, verb } = (await VERBS[name]?.(house)) ?? expect.unreachable();
      let first: unknown;
      const second = await verb(
        slowed(caller, async () => {
          first = await verb(caller);
        }),
      );
      expect(first).toBeDefined();
      expect(second).toEqual(first);
    }),
  );
});
