import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { createSweep } from "@/engine/create-sweep";
import { closeImportance, readImportance } from "@/engine/importance";
import { codeOf, withHouse } from "./support/house";

const FILE = {
  method: "random",
  program: "train.py",
  metrics: [
    { name: "loss", goal: "minimize" },
    { name: "speed", goal: "maximize" },
  ],
  parameters: {
    x: { distribution: "uniform", min: 0, max: 1 },
    y: { distribution: "uniform", min: 0, max: 1 },
  },
};

/** Finished runs in which loss and speed are x, and tiny has a mean that no double holds. */
async function finishRuns(db: Database, sweepId: string, count: number): Promise<void> {
  const { sql } = db;
  await sql`
    with made as (
      insert into runs (project_id, sweep_id, name, display_name, state, attempt, objective, params, finished_at)
      select s.project_id, s.id, gen_random_uuid()::text, 'r', 'finished', 1, u.x,
        jsonb_build_object('x', u.x, 'y', random()), clock_timestamp()
      from sweeps s, (select random() as x from generate_series(1, ${count})) u where s.id = ${sweepId}
      returning id, project_id, objective
    ), named as (
      insert into metrics (project_id, name)
      select distinct made.project_id, name from made, unnest(array['loss', 'speed', 'tiny']) name
      on conflict (project_id, name) do update set name = excluded.name returning id, name
    )
    insert into metric_summaries (run_id, attempt, metric_id, count, last, min, max, sum)
    select made.id, 1, named.id, 2, made.objective, 0, made.objective,
      case named.name when 'tiny' then 5e-324 else 2 * made.objective end
    from made, named`;
}

test("while results keep coming, one answer is computed and one waits, for all who ask; it is of the newest runs", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await createSweep(context, { json: FILE, project: "digits" });
    await finishRuns(db, sweepId, 400);
    const first = readImportance(context, { sweepId });
    await finishRuns(db, sweepId, 20);
    const second = [1, 2, 3].map(() => readImportance(context, { sweepId }));
    await finishRuns(db, sweepId, 20);
    const third = [1, 2, 3].map(() => readImportance(context, { sweepId }));
    const later = await Promise.all([...second, ...third]);
    expect(new Set(later).size).toBeLessThanOrEqual(2);
    expect((await first).runs).toBeGreaterThanOrEqual(400);
    expect(await readImportance(context, { sweepId })).toMatchObject({ runs: 440 });
    await closeImportance(db);
  }));

test("more questions than the thread can answer are refused, not kept", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await createSweep(context, { json: FILE, project: "digits" });
    await finishRuns(db, sweepId, 20);
    const codes = await Promise.all(
      Array.from({ length: 40 }, (_, i) => codeOf(readImportance(context, { sweepId, metric: `m${i}` }))),
    );
    const refused = codes.filter((code) => code === "UNAVAILABLE").length;
    expect(refused).toBeGreaterThan(0);
    expect(codes.filter((code) => code === "none").length).toBe(40 - refused);
    expect(await codeOf(readImportance(context, { sweepId }))).toBe("none");
    await closeImportance(db);
  }));

test("which way is better is said of the metric that was asked for; a mean too small for a double is one all the same", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await createSweep(context, { json: FILE, project: "digits" });
    await finishRuns(db, sweepId, 60);
    const directionOf = async (name: string) => {
      const { parameters } = await readImportance(context, { sweepId, metric: name, stat: "mean" });
      return parameters.find((parameter) => parameter.name === "x")?.direction;
    };
    expect(await directionOf("loss")).toBe("lower");
    expect(await directionOf("speed")).toBe("higher");
    const tiny = await readImportance(context, { sweepId, metric: "tiny", stat: "mean" });
    expect(tiny).toMatchObject({ runs: 60, warnings: ["METRIC_CONSTANT"] });
    await closeImportance(db);
  }));
