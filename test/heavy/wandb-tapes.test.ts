import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasPython } from "../support/python";
import { sharedWorld } from "../support/shared-world";
import { FIXTURES } from "../support/wandb-client";
import { runsOf, wandbSuite } from "../support/wandb-suite";
import { operationsOf, recordTape, type Tape } from "../support/wandb-tape";

/** RECORD=1 writes the tapes anew; without it they are compared with what the client says today. */
const RECORDS = process.env.RECORD === "1";
const VERSIONS = ["0.31.0", "0.22.3", "0.19.11"];

const world = sharedWorld({ when: hasPython() });

describe.skipIf(!hasPython()).each(VERSIONS)("wandb %s", (version) => {
  const { run, newFolder, entity, bin } = wandbSuite(world, `wandb==${version}`);

  test("says what stands on its tape: a sweep, its agent, two runs, one of them resumed", async () => {
    const cwd = newFolder();
    for (const file of ["train.py", "resume.py"]) copyFileSync(join(FIXTURES, file), join(cwd, file));
    writeFileSync(
      join(cwd, "sweep.yaml"),
      "program: train.py\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.5, 1.0]}\n",
    );
    const url = world.servers[0]?.url ?? "";
    // The same file in the same project is the same sweep for a minute.
    const project = `tape-${version}`;
    const recorder = await recordTape(version, url, {
      [cwd]: "/home/me/digits",
      [dirname(bin())]: "/home/me/venv",
      [world.folder]: "/home/me",
      [FIXTURES]: "/home/me/fixtures",
      [hostname()]: "gpu-1",
      [url]: "http://besom",
      [project]: "tape",
    });
    const through = { cwd, url: recorder.url };
    const { output } = await run(["wandb", "sweep", "--project", project, "sweep.yaml"], through);
    const id = /Creating sweep with ID: ([a-z0-9]{8})/.exec(output())?.[1] ?? "";
    await run(["wandb", "agent", `${entity()}/${project}/${id}`], through);
    await run(["resume.py"], through);
    const tape = await recorder.close();
    expect((await runsOf(world, { sweep: id })).map(({ state }) => state)).toEqual(["finished", "finished"]);
    const folder = join(FIXTURES, "tapes");
    const place = join(folder, `${version}.json`);
    if (RECORDS) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(place, `${JSON.stringify(tape, undefined, 1)}\n`);
    }
    const stored = JSON.parse(readFileSync(place, "utf8")) as Tape;
    expect(operationsOf(tape).sort()).toEqual(operationsOf(stored).sort());
    await world.db.sql`update projects set deleted_at = now() where name = 'resume'`;
  }, 180_000);
});
