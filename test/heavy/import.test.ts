import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { scanRows } from "@/db/queries/read-rows";
import { systemAccess } from "@/engine/authorize";
import { encode, encodeLog } from "../support/wandb-file";
import { until, withWorld } from "../support/world";

const STEPS = 150_000;

test(
  "a run of 150,000 steps comes in whole while its server is killed under it, and then the import itself",
  () =>
    withWorld({}, async (world) => {
      const folder = join(world.folder, "moved");
      mkdirSync(folder);
      const steps = Array.from({ length: STEPS }, (_, i) =>
        encode.history(i, { loss: String(i / 7), odd: i % 3 === 0 ? "NaN" : "Infinity" }),
      );
      writeFileSync(
        join(folder, "run-long.wandb"),
        encodeLog([encode.run({ id: "long", project: "moved", host: "h" }), ...steps, encode.exit(0)]),
      );
      const taken = async () => {
        const [run] = await world.db.sql<{ lines: number; state: string; attempt: number; id: number }[]>`
        select a.history_lines::int as lines, r.state, r.attempt, r.id::int from runs r
        join attempts a on a.run_id = r.id and a.number = r.attempt where r.name = 'long'`;
        return run ?? { lines: 0, state: "", attempt: 0, id: 0 };
      };
      const first = world.besom(["import", "wandb", folder]);
      await until(async () => (await taken()).lines > 0, 30_000, first.output);
      const [server] = world.servers;
      await server?.kill();
      await pause(2_000);
      await server?.start();
      const { lines } = await taken();
      expect(lines).toBeLessThan(STEPS);
      // It went on by itself.
      await until(async () => (await taken()).lines > lines, 60_000, first.output);
      first.child.kill("SIGKILL");
      await first.exited;
      expect((await taken()).lines).toBeLessThan(STEPS);
      const second = world.besom(["import", "wandb", folder]);
      expect(await second.exited, second.output()).toBe(0);
      const run = await taken();
      expect(run).toMatchObject({ lines: STEPS, state: "finished", attempt: 1 });
      let next = 0;
      await scanRows(world.db, systemAccess(), { runId: run.id }, ({ step, cells }) => {
        const cell = cells();
        if (step !== next || cell.get("loss") !== step / 7 || Number.isFinite(cell.get("odd")))
          throw new Error(`step ${step}, expected ${next}`);
        next++;
      });
      expect(next).toBe(STEPS);
    }),
  180_000,
);
