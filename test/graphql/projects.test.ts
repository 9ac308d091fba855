import { expect, test } from "vitest";
import { dropExpired } from "@/engine/retention";
import { silent } from "../engine/support/house";
import { ask, withServer } from "../support/server";
import { withRuns } from "../support/sweeps";

interface Payload {
  verb: {
    project: { id: string; description: string | null; keepOutputDays: number | null } | null;
    projectId?: string;
    error: { code: string } | null;
  };
}

const verb = (name: string, input: string, fields = "project { id description keepOutputDays }") =>
  `mutation { verb: ${name}(input: {${input}}) { ${fields} error { code } } }`;

test("a project is made, changed and deleted through the API, and is unknown afterwards", () =>
  withServer(async (server) => {
    const made = await ask<Payload>(server, verb("createProject", 'name: "fresh", description: "first"'));
    const id = made.verb.project?.id ?? "";
    expect(made.verb).toMatchObject({ project: { description: "first", keepOutputDays: null }, error: null });
    const again = await ask<Payload>(server, verb("createProject", 'name: "fresh"'));
    expect(again.verb).toEqual({ project: null, error: { code: "NAME_TAKEN" } });
    const changed = await ask<Payload>(
      server,
      verb("updateProject", `projectId: "${id}", keepOutputDays: 30`),
    );
    expect(changed.verb.project).toEqual({ id, description: "first", keepOutputDays: 30 });
    const remove = (confirm: string) =>
      ask<Payload>(server, verb("deleteProject", `projectId: "${id}", confirm: "${confirm}"`, "projectId"));
    expect((await remove("other")).verb.error?.code).toBe("BAD_INPUT");
    expect((await remove("fresh")).verb).toEqual({ projectId: id, error: null });
    expect((await remove("fresh")).verb.error?.code).toBe("NOT_FOUND");
    expect(await ask(server, `{ project(name: "fresh") { id } }`)).toEqual({ project: null });
  }));

test("a run says when its output and its history were dropped", () =>
  withServer(async (server) => {
    const { claims } = await withRuns(server, 1);
    const id = claims[0]?.runId ?? "";
    await ask(
      server,
      `mutation { finishRun(input: {runId: "${id}", attempt: 1, state: finished}) { state } }`,
    );
    const read = () =>
      ask<{ run: { outputDroppedAt: string | null; historyDroppedAt: string | null } }>(
        server,
        `{ run(id: "${id}") { outputDroppedAt historyDroppedAt } }`,
      );
    expect((await read()).run).toEqual({ outputDroppedAt: null, historyDroppedAt: null });
    await server.db.sql`update runs set finished_at = finished_at - interval '9 days'`;
    await server.db.sql`update chores set due_at = now()`; // the server's own round was over in no time
    await dropExpired(server.db, silent, { outputDays: 7, historyDays: null }, { everyMs: 0 });
    expect((await read()).run).toEqual({
      outputDroppedAt: expect.stringMatching(/^\d{4}-/),
      historyDroppedAt: null,
    });
  }));
