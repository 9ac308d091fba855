import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scanRows } from "@/db/queries/read-rows";
import { systemAccess } from "@/engine/authorize";
import { hasPython } from "../support/python";
import { sharedWorld } from "../support/shared-world";
import { runsOf, saidBy, wandbSuite } from "../support/wandb-suite";

const world = sharedWorld({ when: hasPython() });

/** A run's history as Python prints it: NaN and infinities as texts. */
async function rowsOf(runId: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  await scanRows(world.db, systemAccess(), { runId }, ({ step, cells }) => {
    const values = [...cells()].map(([name, cell]) => [
      name,
      typeof cell === "number" ? toSaid(cell) : JSON.parse(cell.json),
    ]);
    rows.push({ _step: step, ...Object.fromEntries(values) });
  });
  return rows;
}
const filesOf = async (runId: number): Promise<string[]> =>
  (
    await world.db.sql<{ name: string }[]>`select name from run_files where run_id = ${runId} order by name`
  ).map(({ name }) => name);
const toSaid = (value: number) => (Number.isFinite(value) ? value : String(value));

describe.skipIf(!hasPython())("what wandb's client left behind", () => {
  const { run, newFolder, entity } = wandbSuite(world, "wandb");

  test("what was logged offline is moved in without the client, every step of it, and a run that breaks off as far as it goes", async () => {
    const cwd = newFolder();
    const project = "moved";
    const { lines } = await run(["offline.py"], { cwd, env: { PROJECT: project, WANDB_MODE: "offline" } });
    const logged = saidBy(lines()) as Record<string, Record<string, unknown>[]>;
    const folder = readdirSync(join(cwd, "wandb")).find((name) => name.endsWith("-cut")) ?? "";
    const cut = join(cwd, "wandb", folder, "run-cut.wandb");
    truncateSync(cut, Math.floor(statSync(cut).size * 0.6));
    const imported = world.besom(["import", "wandb", "wandb"], { cwd });
    expect(await imported.exited, imported.output()).toBe(0);
    expect(imported.output()).toMatch(/run-cut\.wandb breaks off at byte \d+/);
    const again = world.besom(["import", "wandb", "wandb"], { cwd });
    expect(await again.exited, again.output()).toBe(0);
    expect(again.output()).toContain("3 there already");
    const runs = new Map((await runsOf(world, { project })).map((one) => [one.name, one]));
    expect(runs.get("good")).toMatchObject({ state: "finished", exitCode: 0, attempt: 1, lines: 3_002 });
    expect(runs.get("good")?.params).toEqual({
      lr: 0.5,
      layers: [64, 32],
      deep: { x: { y: "z" } },
      gone: 1,
      added: 2,
    });
    expect(runs.get("bad")).toMatchObject({ state: "failed", reason: "exit_code", exitCode: 3, lines: 52 });
    expect(runs.get("cut")).toMatchObject({ state: "crashed", exitCode: null });
    for (const [name, rows] of Object.entries(logged)) {
      const all = await rowsOf(runs.get(name)?.id ?? 0);
      const found = all.filter((row) => row.page === undefined);
      if (name === "cut") expect(found.length).toBeGreaterThan(1_000);
      expect(found).toEqual(name === "cut" ? rows.slice(0, found.length) : rows);
    }
    const page = (await rowsOf(runs.get("good")?.id ?? 0)).find((row) => row.page !== undefined)?.page;
    expect(page).toMatchObject({ _type: "html-file" });
    const files = await filesOf(runs.get("good")?.id ?? 0);
    expect(files).toEqual(expect.arrayContaining([(page as { path: string }).path, "saved-good.txt"]));
    // The documentation's program, as if our server were W&B's.
    const [program = ""] =
      /(?<=```python\n)# export\.py\n.*?(?=```)/s.exec(
        readFileSync(join(import.meta.dirname, "../../docs/wandb.md"), "utf8"),
      ) ?? [];
    writeFileSync(join(cwd, "export.py"), program);
    await run([join(cwd, "export.py"), `${entity()}/${project}`], { cwd });
    const moved = world.besom(["import", "wandb", "exported", "--project", `${project}-again`], { cwd });
    expect(await moved.exited, moved.output()).toBe(0);
    const others = await runsOf(world, { project: `${project}-again` });
    expect(others.map(({ name, state, params }) => ({ name, state, params }))).toEqual(
      [...runs.values()].map(({ name, state, params }) => ({ name, state, params })),
    );
    for (const { name, id } of others)
      expect(await rowsOf(id)).toEqual(await rowsOf(runs.get(name)?.id ?? 0));
    await world.db
      .sql`update projects set deleted_at = now() where name = any(${[project, `${project}-again`]})`;
  }, 180_000);
});
