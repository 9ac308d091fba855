import { expect, test } from "vitest";
import { prepareSystem } from "@/ui/charts/prepare/system";

const line = (key: string, values: number[], max = values) => ({
  key,
  times: values.map((_, i) => 5_000 + i * 1_000),
  values,
  max,
});

test("the run's own numbers come first, then its devices in the order of their numbers, then the machine's; strangers last", () => {
  const keys = ["zeta", "gpu.10", "disk.machine", "gpu.2", "memory", "gpu.2.memory", "cpu.machine", "cpu"];
  const charts = prepareSystem(
    keys.map((key) => line(key, [1, 2])),
    5_000,
  );
  expect(charts.map(({ title }) => title)).toEqual([
    "CPU of the run",
    "Memory of the run",
    "GPU 2",
    "GPU 10",
    "Memory of GPU 2",
    "CPU of the machine",
    "Disk, taken",
    "zeta",
  ]);
});

test("bytes are written in the unit that the highest of them fills, to four digits", () => {
  const [memory, disk] = prepareSystem(
    [line("memory", [2 ** 30, 1.23456789 * 2 ** 30]), line("disk.read", [0, 2_048])],
    5_000,
  );
  expect([memory?.unit, disk?.unit]).toEqual(["GiB", "KiB/s"]);
  expect(memory?.chart.summary).toBe(
    "Memory of the run, GiB by time over 2 points: it rises from 1 to 1.235.",
  );
  expect([...(memory?.chart.lines[0]?.values ?? [])]).toEqual([1, 1.235]);
});

test("time begins with the run, and the highest of each part is shaded and said", () => {
  const [flat, peaked] = [line("cpu", [10, 20]), line("cpu", [10, 20], [10, 90])].map(
    (one) => prepareSystem([one], 4_000)[0]?.chart,
  );
  expect(flat?.notes).toEqual([]);
  expect([...(flat?.lines[0]?.x ?? [])]).toEqual([1_000, 2_000]);
  expect(peaked?.notes).toEqual(["The line is the mean, the shade reaches to the highest"]);
  expect(prepareSystem([line("cpu", [])], 0)).toEqual([]);
});
