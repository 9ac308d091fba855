import { describe, expect, test } from "vitest";
import { toStoppingCsv, toStoppingSvg, toStoppingTable } from "@/ui/charts/draw/stopping-file";
import { prepareStopping, type StoppingInput } from "@/ui/charts/prepare/stopping";

const INPUT: StoppingInput = {
  rule: "hyperband",
  metric: "val/loss",
  goal: "minimize",
  unit: "values",
  bands: [
    { band: 3, runs: 4, threshold: 0.7, stopped: 2 },
    { band: 9, runs: 2, threshold: 0.4, stopped: 1 },
    { band: 27, runs: 0, threshold: null, stopped: 0 },
  ],
  rungs: [
    { runId: "1", band: 3, value: 0.5, stopped: false },
    { runId: "2", band: 3, value: 0.6, stopped: false },
    { runId: "3", band: 3, value: 0.9, stopped: true },
    { runId: "4", band: 3, value: 1.1, stopped: true },
    { runId: "1", band: 9, value: 0.3, stopped: false },
    { runId: "2", band: 9, value: 0.55, stopped: true },
  ],
  labelOf: (id) => `run-${id}`,
  log: false,
};

describe("early stopping", () => {
  test("each band is a strip with its threshold, and a run stands in each that it came to", () => {
    const chart = prepareStopping(INPUT);
    expect(chart?.strips).toHaveLength(3);
    expect(chart?.dots.places.get("1")).toHaveLength(2);
    for (const [i, { band }] of (chart?.rungs ?? []).entries()) {
      const strip = chart?.strips.find((one) => one.band === band);
      expect(chart?.dots.x[i]).toBeGreaterThan(strip?.from ?? 1);
      expect(chart?.dots.x[i]).toBeLessThan(strip?.to ?? 0);
    }
  });

  test("a sentence says how many were stopped, and where most", () => {
    expect(prepareStopping(INPUT)?.summary).toBe(
      "4 runs came to a band of hyperband; 3 were stopped, most of them at band 3 (2), whose threshold is now 0.7.",
    );
    const none = { ...INPUT, bands: INPUT.bands.map((band) => ({ ...band, stopped: 0 })) };
    expect(prepareStopping(none)?.summary).toContain("none was stopped by its val/loss yet");
  });

  test("a diverged run leaves the view and is counted", () => {
    const rungs = Array.from({ length: 12 }, (_, i) => ({
      runId: String(i),
      band: 3,
      value: i === 0 ? 1e9 : 0.5 + i / 100,
      stopped: false,
    }));
    const chart = prepareStopping({ ...INPUT, rungs });
    expect(chart?.rungs).toHaveLength(11);
    expect(chart?.notes).toEqual(["1 value lies outside the view: far off the others"]);
  });

  test("is nothing before a run has come to a band", () => {
    expect(prepareStopping({ ...INPUT, rungs: [] })).toBeUndefined();
    expect(prepareStopping({ ...INPUT, bands: [] })).toBeUndefined();
  });

  test("is a committed picture with its numbers", async () => {
    const chart = prepareStopping(INPUT);
    if (!chart) throw new Error("nothing to draw");
    expect(toStoppingCsv(chart).split("\r\n")[3]).toBe("run-3,3,0.9,0.7,true");
    expect(toStoppingTable(chart).rows[2]).toEqual(["27", "0", "none yet", "0"]);
    await expect(toStoppingSvg(chart)).toMatchFileSnapshot("../golden/stopping.svg");
  });
});
