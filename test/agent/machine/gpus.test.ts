import { expect, test } from "vitest";
import { findDevices, toIds } from "@/agent/machine/gpus";
import { listGpus, readGpuLoads } from "@/agent/machine/nvidia";
import { Slots } from "@/agent/slots";
import { TWO_CARDS, withNvidiaSmi } from "../../support/nvidia";

test.each([
  ["0", ["0"]],
  ["0,2", ["0", "2"]],
  ["0-3", ["0", "1", "2", "3"]],
  ["1-2, 5", ["1", "2", "5"]],
  ["GPU-5ab1c2d3-0000", ["GPU-5ab1c2d3-0000"]],
])("--gpus %s names %j", (list, ids) => {
  expect(toIds(list)).toEqual(ids);
});

test.each(["", "a", "3-1", "0,,1", "0,0", "0-99999", "-1"])("--gpus %j is refused", (list) => {
  expect(() => toIds(list)).toThrow(/--gpus/);
});

test("cards are found by nvidia-smi, named for people, and restricted to what the agent itself was given", async () => {
  await withNvidiaSmi(TWO_CARDS, async (env) => {
    expect(await findDevices(true, env)).toEqual([
      { id: "0", label: "0: NVIDIA A100-SXM4-80GB" },
      { id: "1", label: "1: Tesla T4 15 GiB" },
    ]);
    expect(await findDevices(true, { ...env, CUDA_VISIBLE_DEVICES: "1" })).toEqual([
      { id: "1", label: "1: Tesla T4 15 GiB" },
    ]);
    expect(await findDevices("7", env)).toEqual([{ id: "7", label: "7" }]);
    await expect(findDevices(true, { ...env, CUDA_VISIBLE_DEVICES: "" })).rejects.toThrow(/found no GPU/);
    expect(await readGpuLoads(env)).toEqual([
      { index: 0, use: 93, memoryBytes: 40_000 * 1024 ** 2, power: 311.25, temperature: 66 },
      { index: 1, use: 0, memoryBytes: undefined, power: undefined, temperature: 31 },
    ]);
  });
});

test("an nvidia-smi that hangs, fails, floods or is not there costs five seconds and does no harm", async () => {
  const startMs = performance.now();
  await Promise.all(
    ["trap '' TERM INT; sleep 60", "exit 9", "yes", "echo nonsense"].map((script) =>
      withNvidiaSmi(script, async (env) => {
        const named = findDevices("0", env);
        await expect(findDevices(true, env)).rejects.toThrow(/name them \(--gpus 0,1\)/);
        expect(await named).toEqual([{ id: "0", label: "0" }]);
      }),
    ),
  );
  expect(performance.now() - startMs).toBeLessThan(15_000);
  expect(await listGpus({ PATH: "/nowhere" })).toBeUndefined();
});

test.each([
  [4, ["0", "1"], ["0", "1", "0", "1"]],
  [3, ["0", "1"], ["0", "1", "0"]],
  [2, ["0", "1"], ["0", "1"]],
  [2, ["0", "1", "2", "3"], ["0,1", "2,3"]],
  [2, ["0", "1", "2"], ["0", "1,2"]],
  [2, [], [undefined, undefined]],
])("%i slots share the devices %j evenly", (count, devices, expected) => {
  const slots = new Slots(count, devices);
  const all = expected.map(() => slots.take());
  expect(all.map(({ device }) => device)).toEqual(expected);
  expect(() => slots.take()).toThrow(/all/);
  slots.give(all[1] as (typeof all)[0]);
  slots.give(all[0] as (typeof all)[0]);
  expect(slots.take().index).toBe(0);
});
