import { formatDuration } from "@/ui/format";
import { toCsv } from "../export";
import { shorten } from "../prepare/place";
import { type Timeline, toTimelineAxis } from "../prepare/timeline";
import { stateLook } from "../states";
import { tag, toSvgFrame, toSvgPage } from "../svg";
import { toSvgFill } from "./texture";

type View = readonly [fromMs: number, toMs: number];

/** The stretch that is shown, as a picture of its own. */
export function toTimelineSvg(chart: Timeline, [from, to]: View): string {
  const { agents, laneCount } = chart;
  const lanePx = Math.max(3, Math.min(20, Math.floor(4_000 / Math.max(1, laneCount))));
  let top = 0;
  const rows = agents.map((agent) => {
    const first = top;
    top += agent.lanes.length;
    return { agent, first };
  });
  const fills = new Map(chart.states.map((state) => [state, toSvgFill(state)]));
  const y = {
    label: "agent, and how much of its time it was busy",
    scale: {
      kind: "linear" as const,
      domain: [0, laneCount] as const,
      ticks: rows
        .filter(({ agent }) => agent.lanes.length * lanePx >= 10)
        .map(({ agent, first }) => ({
          at: 1 - (first + agent.lanes.length / 2) / laneCount,
          label: `${shorten(agent.label, 24)} ${Math.round(agent.utilisation * 100)} %`,
          minor: false,
        })),
      at: (lane: number) => 1 - lane / laneCount,
      invert: (at: number) => (1 - at) * laneCount,
    },
  };
  return toSvgPage(
    {
      title: chart.summary,
      width: 1_100,
      height: Math.max(220, laneCount * lanePx + 150),
      legend: chart.states.map((state) => ({
        label: state,
        color: fills.get(state)?.fill ?? "",
        mark: "box",
      })),
    },
    (box) =>
      tag("defs", {}, [...fills.values()].map(({ defs }) => defs).join("") || " ") +
      toSvgFrame(box, toTimelineAxis(from, to), y, (plot) => {
        const x = (ms: number): number =>
          plot.left + Math.min(1.01, Math.max(-0.01, (ms - from) / (to - from))) * plot.width;
        const height = plot.height / laneCount;
        return rows
          .flatMap(({ agent, first }) =>
            agent.lanes.flatMap((lane, i) => [
              tag("rect", {
                x: x(agent.fromMs),
                y: plot.top + (first + i) * height + 1,
                width: Math.max(0, x(agent.toMs) - x(agent.fromMs)),
                height: Math.max(1, height - 2),
                fill: "var(--quiet-wash)",
              }),
              ...lane.bars
                .filter((bar) => bar.endMs >= from && bar.startMs <= to)
                .map((bar) => {
                  const hollow = stateLook(bar.state).texture === "hollow";
                  const fill = fills.get(bar.state)?.fill;
                  return tag("rect", {
                    x: x(bar.startMs),
                    y: plot.top + (first + i) * height + 2,
                    width: Math.max(0.8, x(bar.endMs) - x(bar.startMs) - 0.7),
                    height: Math.max(1, height - 4),
                    fill: hollow ? "none" : fill,
                    stroke: hollow ? fill : undefined,
                    opacity: bar.earlier ? 0.4 : undefined,
                  });
                }),
            ]),
          )
          .join("\n");
      }),
  );
}

/** A row for each run in the stretch that is shown. */
export const toTimelineCsv = (chart: Timeline, [from, to]: View): string =>
  toCsv(
    ["agent", "lane", "run", "state", "started", "ended", "seconds", "earlier attempt", "why it ended"],
    chart.agents.flatMap((agent) =>
      agent.lanes.flatMap((lane) =>
        lane.bars
          .filter((bar) => bar.endMs >= from && bar.startMs <= to)
          .map((bar) => [
            agent.label,
            lane.place,
            bar.label,
            bar.state,
            new Date(bar.startMs).toISOString(),
            bar.open ? undefined : new Date(bar.endMs).toISOString(),
            (bar.endMs - bar.startMs) / 1_000,
            bar.earlier?.number,
            bar.earlier?.reason?.replaceAll("_", " "),
          ]),
      ),
    ),
  );

export const toTimelineTable = ({ agents }: Timeline): { columns: string[]; rows: string[][] } => ({
  columns: ["Agent", "Runs", "Worked", "Busy", "Longest pause", "From"],
  rows: agents.map((agent) => [
    agent.label,
    String(agent.runs),
    formatDuration(agent.busyMs),
    `${Math.round(agent.utilisation * 100)} %`,
    formatDuration(agent.longestPauseMs),
    new Date(agent.fromMs).toISOString(),
  ]),
});
