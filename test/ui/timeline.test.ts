import { describe, expect, test } from "vitest";
import { toTimelineCsv, toTimelineSvg } from "@/ui/charts/draw/timeline-file";
import {
  barAt,
  panWindow,
  prepareTimeline,
  type TimedRun,
  type Timeline,
  zoomWindow,
} from "@/ui/charts/prepare/timeline";

const START = Date.UTC(2026, 0, 1, 12);
const s = (seconds: number): number => START + seconds * 1_000;

const run = (id: number, agent: string, from: number, to: number | null, state = "finished"): TimedRun => ({
  id: String(id),
  label: `run-${id}`,
  state: to === null ? "running" : state,
  startMs: s(from),
  endMs: to === null ? null : s(to),
  agent: { id: agent, host: `box-${agent}` },
});

const draw = (
  runs: readonly TimedRun[],
  agents: Parameters<typeof prepareTimeline>[0]["agents"] = [],
): Timeline => {
  const chart = prepareTimeline({ runs, agents, nowMs: s(100), total: runs.length });
  if (!chart) throw new Error("nothing to draw");
  return chart;
};

describe("a timeline", () => {
  test("puts runs at once into lanes of their own, and one after the other into one", () => {
    const [agent] = draw([run(1, "a", 0, 10), run(2, "a", 5, 20), run(3, "a", 10, 30)]).agents;
    expect(agent?.lanes.map(({ bars }) => bars.map(({ id }) => id))).toEqual([["1", "3"], ["2"]]);
  });

  test("a run under way reaches up to now", () => {
    const [agent] = draw([run(1, "a", 90, null)]).agents;
    expect(agent?.lanes[0]?.bars[0]).toMatchObject({ open: true, endMs: s(100) });
  });

  test("says how much of the time an agent's slots were busy, and its longest pause", () => {
    const agents = [{ id: "a", host: "box-a", slots: 2, fromMs: s(0), toMs: s(100) }];
    const chart = draw([run(1, "a", 0, 20), run(2, "a", 60, 100)], agents);
    expect(chart.agents[0]).toMatchObject({ utilisation: 0.3, longestPauseMs: 40_000, busyMs: 60_000 });
    expect(chart.summary.replaceAll("\u00a0", " ")).toBe(
      "1 agent worked on 2 runs in 1 min 40 s, busy 30 % of their time. The longest pause was 40 s, on box-a.",
    );
  });

  test("numbers agents that share a machine", () => {
    const runs = [run(1, "a", 0, 5), { ...run(2, "b", 1, 5), agent: { id: "b", host: "box-a" } }];
    expect(draw(runs).agents.map(({ label }) => label)).toEqual(["box-a (1)", "box-a (2)"]);
  });

  test("has a lane for each slot of an agent, in which its runs stand, used or not", () => {
    const agents = [{ id: "a", host: "box-a", slots: 3, fromMs: s(0), toMs: s(100) }];
    const chart = draw(
      [
        { ...run(1, "a", 0, 50), slot: 2 },
        { ...run(2, "a", 60, 100), slot: 0 },
        { ...run(3, "a", 70, 90), slot: 2 },
      ],
      agents,
    );
    const lanes = chart.agents[0]?.lanes.map(({ bars }) => bars.map(({ id }) => id));
    expect(lanes).toEqual([["2"], [], ["1", "3"]]);
    expect(chart.agents[0]).toMatchObject({ bySlot: true, utilisation: 110 / 300 });
    // A clock went back: nothing lies on anything.
    const twice = draw(
      [
        { ...run(1, "a", 0, 50), slot: 0 },
        { ...run(2, "a", 40, 60), slot: 0 },
      ],
      agents,
    );
    expect(twice.agents[0]?.lanes.map(({ bars }) => bars.length)).toEqual([1, 1, 0]);
  });

  test("shows the attempts of a run where each was, and counts the run once", () => {
    const first = { ...run(1, "a", 0, 20, "crashed"), earlier: { number: 1, reason: "lease_expired" } };
    const chart = draw([first, run(1, "b", 30, 60)]);
    expect(chart.agents.map(({ label, lanes }) => [label, lanes[0]?.bars[0]?.state])).toEqual([
      ["box-a", "crashed"],
      ["box-b", "finished"],
    ]);
    expect([chart.shown, chart.earlier]).toEqual([1, 1]);
    expect(chart.summary).toContain("2 agents worked on 1 run");
    expect(toTimelineCsv(chart, [chart.fromMs, chart.toMs])).toContain(
      "crashed,2026-01-01T12:00:00.000Z,2026-01-01T12:00:20.000Z,20,1,lease expired",
    );
  });

  test("is nothing before the first run has started", () => {
    expect(prepareTimeline({ runs: [], agents: [], nowMs: START, total: 3 })).toBeUndefined();
  });

  test("finds the bar at a moment, and a very short one close by", () => {
    const lane = draw([run(1, "a", 0, 10), run(2, "a", 20, 20.01)]).agents[0]?.lanes[0];
    if (!lane) throw new Error("no lane");
    expect(barAt(lane, s(5), 0)?.id).toBe("1");
    expect(barAt(lane, s(15), 1_000)).toBeUndefined();
    expect(barAt(lane, s(20.5), 1_000)?.id).toBe("2");
  });

  test("zooms about a moment and never leaves the whole", () => {
    const whole = [0, 100_000] as const;
    expect(zoomWindow(whole, whole, 0.5)).toEqual([25_000, 75_000]);
    expect(zoomWindow([0, 50_000], whole, 0.5, 0)).toEqual([0, 25_000]);
    expect(zoomWindow([25_000, 75_000], whole, 4)).toEqual([0, 100_000]);
    expect(panWindow([50_000, 90_000], whole, 0.5)).toEqual([60_000, 100_000]);
    expect(zoomWindow([0, 1_500], whole, 0.1)[1]).toBe(1_250);
  });

  test("its files have the stretch that is shown, a row a run, and are a committed picture", async () => {
    const chart = draw([
      run(1, "a", 0, 20),
      run(2, "a", 20, 50, "failed"),
      run(3, "b", 5, 30, "crashed"),
      run(4, "b", 40, 60, "killed"),
      run(5, "b", 70, null),
    ]);
    const rows = toTimelineCsv(chart, [s(0), s(35)])
      .trimEnd()
      .split("\r\n");
    expect(rows).toHaveLength(4);
    expect(rows[1]).toBe("box-a,1,run-1,finished,2026-01-01T12:00:00.000Z,2026-01-01T12:00:20.000Z,20,,");
    await expect(toTimelineSvg(chart, [chart.fromMs, chart.toMs])).toMatchFileSnapshot(
      "../golden/timeline.svg",
    );
  });

  test("ten thousand runs are laid out in less than 100 ms", () => {
    const runs = Array.from({ length: 10_000 }, (_, i) => run(i, String(i % 12), i, i + 11));
    // The processor's time: others may work on this machine.
    const times = Array.from({ length: 6 }, () => {
      const start = process.cpuUsage();
      draw(runs);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1_000;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});
