import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { assign, type ProcessStat } from "@/agent/machine/processes";
import { System } from "@/agent/machine/system";
import type { SystemSample } from "@/graphql/operations";
import { TWO_CARDS, withNvidiaSmi } from "../../support/nvidia";
import { waitFor } from "../../support/recorder";

const stat = (pid: number, parent: number, group: number): ProcessStat => ({
  pid,
  parent,
  group,
  ticks: 0,
  pages: 0,
});

test("a run's processes are those of its group and all that came from them, not the agent's nor another run's", () => {
  const found = assign(
    [stat(1, 0, 1), stat(10, 1, 10), stat(20, 10, 20), stat(21, 20, 20), stat(22, 21, 99), stat(30, 10, 30)],
    [20, 30],
  );
  expect([...found].map(([root, all]) => [root, all.map(({ pid }) => pid)])).toEqual([
    [20, [20, 21, 22]],
    [30, [30]],
  ]);
});

test.runIf(process.platform === "linux")(
  "a busy program with a child is seen at work: its cores, its memory, the machine, and its own card",
  async () => {
    const source = `
      const held = Buffer.alloc(100 * 1024 * 1024, 1);
      require("child_process").spawn(process.execPath, ["-e", "for (;;);"]);
      setInterval(() => held[0], 1000);`;
    const child = spawn(process.execPath, ["-e", source], { detached: true, stdio: "ignore" });
    try {
      await withNvidiaSmi(TWO_CARDS, async (env) => {
        const system = new System({ cwd: process.cwd(), env, hasGpus: async () => true, tickMs: 200 });
        const samples: SystemSample[] = [];
        const unwatch = system.watch({
          pid: child.pid ?? 0,
          device: "1",
          onSample: (sample) => samples.push(sample),
        });
        await waitFor("its work", () => {
          const { cpu = 0, memory = 0, "gpu.1": card } = samples.at(-1)?.values ?? {};
          return cpu > 5 && memory > 100 * 1024 * 1024 && card === 0;
        });
        unwatch();
        const values: Record<string, number> = samples.at(-1)?.values ?? {};
        expect(values["gpu.1.temperature"]).toBe(31);
        expect(values["gpu.0"]).toBeUndefined();
        for (const name of ["cpu.machine", "memory.machine", "disk.machine"]) {
          expect(values[name]).toBeGreaterThanOrEqual(0);
          expect(values[name]).toBeLessThanOrEqual(100);
        }
        const { length } = samples;
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(samples.length).toBe(length);
      });
    } finally {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    }
  },
);

test("a run of two seconds is seen once, after its first", async () => {
  const system = new System({ cwd: process.cwd(), env: {}, hasGpus: async () => false });
  const samples: SystemSample[] = [];
  const unwatch = system.watch({ pid: process.pid, device: undefined, onSample: (one) => samples.push(one) });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  unwatch();
  expect(samples).toHaveLength(1);
});

test("a look at a machine with an nvidia-smi that hangs takes no longer than one without", async () => {
  await withNvidiaSmi("sleep 60", async (env) => {
    const system = new System({ cwd: process.cwd(), env, hasGpus: async () => true, tickMs: 20 });
    const samples: SystemSample[] = [];
    const unwatch = system.watch({
      pid: process.pid,
      device: undefined,
      onSample: (one) => samples.push(one),
    });
    await waitFor("ten looks", () => samples.length >= 10, 3_000);
    unwatch();
  });
});
