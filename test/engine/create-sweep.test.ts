import { expect, test } from "vitest";
import { isAppError } from "@/core/errors";
import { createRun } from "@/engine/create-run";
import { createSweep } from "@/engine/create-sweep";
import { registerAgent } from "@/engine/register-agent";
import { codeOf, gridOf, withHouse } from "./support/house";

test("a sweep is created once, however often and wherever the same request arrives", () =>
  withHouse(async ({ db, context, other }) => {
    const input = { json: gridOf(3), project: "digits", clientMutationId: "create" };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => createSweep(i % 2 ? context : other, input)),
    );
    expect(new Set(answers.map(({ sweepId }) => sweepId)).size).toBe(1);
    expect(await createSweep(context, input)).toEqual(answers[0]);
    expect(await db.sql`select from sweeps`).toHaveLength(1);
    expect(await db.sql`select from projects`).toHaveLength(1);
    expect(await codeOf(createSweep(context, { ...input, json: gridOf(4) }))).toBe("IDEMPOTENCY_MISMATCH");
    expect(
      await codeOf(
        registerAgent(context, { sweepId: answers[0]?.sweepId ?? "", host: "h", clientMutationId: "create" }),
      ),
    ).toBe("IDEMPOTENCY_MISMATCH");
  }));

test("a request that failed may be sent again under the same id", () =>
  withHouse(async ({ context }) => {
    const request = { project: "digits", clientMutationId: "again" };
    expect(await codeOf(createSweep(context, { ...request, json: { method: "grid" } }))).toBe(
      "CONFIG_INVALID",
    );
    expect(await createSweep(context, { ...request, json: gridOf(2) })).toMatchObject({
      sweepId: expect.any(String),
    });
  }));

test("the text of the file survives, comments included, with what was understood and its warnings", () =>
  withHouse(async ({ db, context }) => {
    const source =
      "# try two rates\nmethod: grid\nprogram: t.py\nparameters:\n  lr: {values: [1e-4, 1.0]} # floats\n  lr2: {value: 1}\nmetric: {name: loss, goal: minimise}\n";
    const { sweepId, warnings } = await createSweep(context, { source });
    expect(warnings.length).toBeGreaterThan(0);
    const [row] = await db.sql`
      select g.source, s.name, s.size, s.metric_goal, p.name as project, e.name as entity
      from sweeps s join sweep_generations g on g.sweep_id = s.id join projects p on p.id = s.project_id
      join entities e on e.id = p.entity_id`;
    expect(row).toEqual({
      source,
      name: sweepId,
      size: "2",
      metric_goal: "minimize",
      project: "uncategorized",
      entity: "ada",
    });
  }));

test("what this version can't run is refused with a code of its own, and nothing is stored", () =>
  withHouse(async ({ db, context }) => {
    const refused = (json: object) => codeOf(createSweep(context, { json }));
    const continuous = { method: "grid", program: "t.py", parameters: { lr: { min: 0.1, max: 0.5 } } };
    await expect(createSweep(context, { json: continuous })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      details: { diagnostics: [{ code: "GRID_CONTINUOUS", path: ["parameters", "lr"] }] },
    });
    expect(await refused({ method: "grid" })).toBe("CONFIG_INVALID");
    const huge = gridOf(1, { parameters: { text: { value: "x".repeat(1 << 20) } } });
    expect(await refused(huge)).toBe("INPUT_TOO_LARGE");
    expect(await codeOf(createSweep(context, {}))).toBe("BAD_INPUT");
    expect(await codeOf(createSweep(context, { source: "method: grid", json: {} }))).toBe("BAD_INPUT");
    expect(await codeOf(createSweep(context, { json: gridOf(1), project: "a/b" }))).toBe("BAD_INPUT");
    expect(await codeOf(createSweep(context, { json: gridOf(1), entity: "graphql" }))).toBe("NAME_RESERVED");
    expect(await codeOf(createSweep(context, { json: gridOf(1), entity: "nobody" }))).toBe("NOT_FOUND");
    expect(await db.sql`select from sweeps`).toHaveLength(0);
    expect(await db.sql`select from idempotency_answers`).toHaveLength(0);
  }));

test("errors of a sweep file come all at once, each with its place", () =>
  withHouse(async ({ context }) => {
    const source = "method: gird\nparameters:\n  lr:\n    distribution: uniform\n    min: 3\n    max: 1\n";
    const error = await createSweep(context, { source }).catch((error: unknown) => error);
    if (!isAppError(error)) throw error;
    expect(error.code).toBe("CONFIG_INVALID");
    const diagnostics = error.details.diagnostics as { line: number }[];
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(error.message).toContain(`line ${diagnostics[0]?.line}`);
  }));

test("a run outside a sweep is created once, under the name its client chose", () =>
  withHouse(async ({ db, context, other }) => {
    const input = {
      project: "digits",
      name: "my run-1",
      params: '{"lr": 1.0, "n": 3}',
      clientMutationId: "r",
    };
    const answers = await Promise.all([context, other, context].map((server) => createRun(server, input)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await codeOf(createRun(context, { ...input, clientMutationId: "other" }))).toBe("NAME_TAKEN");
    expect(await codeOf(createRun(context, { ...input, name: "a/b", clientMutationId: "x" }))).toBe(
      "BAD_INPUT",
    );
    expect(await codeOf(createRun(context, { project: "digits", params: "[1]" }))).toBe("BAD_INPUT");
    expect(await codeOf(createRun(context, { project: "digits", params: "{" }))).toBe("BAD_INPUT");
    const rows = await db.sql`select name, params::text, state, attempt, sweep_id from runs`;
    expect([...rows]).toEqual([
      { name: "my run-1", params: '{"n": 3, "lr": 1.0}', state: "running", attempt: 1, sweep_id: null },
    ]);
  }));
