import type { Goal } from "@/core/sweep";
import { formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { type Coloring, toColoring } from "./coloring";
import type { ChartRun, Dimension } from "./dimension";
import { type Dots, toDots } from "./dots";
import { toFrontier, toStairs } from "./frontier";
import { type Place, placeAlong } from "./place";

export interface ScatterInput {
  readonly runs: readonly ChartRun[];
  readonly x: Dimension;
  readonly y: Dimension;
  readonly color?: Dimension | undefined;
  /** Which way is better, for a dimension that is a metric. */
  goalOf(id: string): Goal | undefined;
  /** The dimensions' own choice where it is left out. */
  readonly logX?: boolean | undefined;
  readonly logY?: boolean | undefined;
  /** Runs that exist, where more do than were given: filtered out, or not loaded yet. */
  readonly total?: number;
}

export interface Scatter {
  readonly x: Axis;
  readonly y: Axis;
  readonly places: { readonly x: Place; readonly y: Place };
  readonly dots: Dots;
  /** In the order of `dots`. */
  readonly runs: readonly ChartRun[];
  readonly coloring: Coloring;
  /** Corners of a staircase, in fractions; empty where neither axis has a goal to strive for. */
  readonly frontier: readonly (readonly [number, number])[];
  /** What the staircase is; undefined without one. */
  readonly frontierName?: "best so far" | "best compromises";
  readonly frontierIds: readonly string[];
  readonly summary: string;
  readonly notes: readonly string[];
  /** Runs that exist. */
  readonly total: number;
}

/** Decides everything about a scatter of runs; undefined where no run has both values. */
export function prepareScatter(input: ScatterInput): Scatter | undefined {
  const { runs, x, y, goalOf } = input;
  const xPlace = placeAlong(x, runs, { log: input.logX, ticks: 6, goal: goalOf(x.id), spread: true });
  const yPlace = placeAlong(y, runs, { log: input.logY, goal: goalOf(y.id), spread: true });
  if (!xPlace || !yPlace) return undefined;
  const coloring = toColoring(input.color, runs);

  const placed = runs.map((run) => ({ run, x: xPlace.at(run), y: yPlace.at(run) }));
  const complete = placed.filter((one) => !Number.isNaN(one.x) && !Number.isNaN(one.y));
  if (complete.length === 0) return undefined;
  const visible = complete.filter((one) => inside(one.x) && inside(one.y));
  const dots = toDots(
    visible.map((one) => ({
      id: one.run.id,
      label: one.run.displayName,
      x: one.x,
      y: one.y,
      look: coloring.lookOf(one.run),
    })),
  );

  const frontier = toFront(input, visible, xPlace.axis);
  return {
    x: xPlace.axis,
    y: { ...yPlace.axis, label: withGoal(yPlace.axis.label, goalOf(y.id)) },
    places: { x: xPlace, y: yPlace },
    dots,
    runs: visible.map(({ run }) => run),
    coloring,
    frontier: frontier?.corners ?? [],
    ...(frontier && { frontierName: frontier.name }),
    frontierIds: frontier?.ids ?? [],
    summary: toSummary(input, visible.length, frontier),
    notes: toNotes(runs.length, complete.length, visible.length, input),
    total: Math.max(runs.length, input.total ?? 0),
  };
}

const inside = (at: number): boolean => at >= 0 && at <= 1;

const withGoal = (label: string, goal: Goal | undefined): string =>
  goal ? `${label} (${goal === "minimize" ? "lower" : "higher"} is better)` : label;

type Placed = { run: ChartRun; x: number; y: number };

interface Front {
  name: "best so far" | "best compromises";
  corners: (readonly [number, number])[];
  ids: string[];
  best: ChartRun | undefined;
}

/** Fractions rise with values on either scale, so what is best can be decided on them. */
function toFront(input: ScatterInput, visible: readonly Placed[], x: Axis): Front | undefined {
  const goal = input.goalOf(input.y.id);
  const own = input.goalOf(input.x.id);
  // Along a parameter or a category nothing is striven for: the way there is no progress.
  const ahead = own ?? (input.x.id.startsWith("f.") && input.x.kind !== "category" ? "minimize" : undefined);
  if (!goal || !ahead || input.x.id === input.y.id || x.scale.ticks.length === 0) return undefined;
  const able = visible.filter(({ run }) => run.feasible !== false);
  const indices = toFrontier(
    able.map((one) => one.x),
    able.map((one) => one.y),
    { x: ahead, y: goal },
  );
  const front = indices.flatMap((i) => able[i] ?? []);
  return {
    name: own ? "best compromises" : "best so far",
    corners: toStairs(
      front.map((one) => [one.x, one.y] as const),
      ahead === "minimize" ? 1 : 0,
    ),
    ids: front.map(({ run }) => run.id),
    best: front.at(-1)?.run,
  };
}

function toSummary({ x, y, color }: ScatterInput, count: number, front: Front | undefined): string {
  const by = color ? `, coloured by ${color.label}` : "";
  const base = `${y.label} against ${x.label} for ${plural(count, "run")}${by}`;
  const best = front?.best && y.valueOf(front.best);
  if (!front || typeof best !== "number") return `${base}.`;
  return front.name === "best so far"
    ? `${base}; the best is ${formatNumber(best)}, by ${front.best?.displayName}.`
    : `${base}; ${plural(front.ids.length, "run is", "runs are")} beaten by no other in both.`;
}

function toNotes(
  total: number,
  complete: number,
  visible: number,
  { x, y, goalOf, runs }: ScatterInput,
): string[] {
  const notes: string[] = [];
  if (complete < total)
    notes.push(
      `${plural(total - complete, "run has", "runs have")} no value of ${x.label} or ${y.label} yet`,
    );
  if (visible < complete)
    notes.push(`${plural(complete - visible, "run lies", "runs lie")} outside the view: far off the others`);
  const unable = goalOf(y.id) ? runs.filter((run) => run.feasible === false).length : 0;
  if (unable > 0)
    notes.push(
      `${plural(unable, "run breaks", "runs break")} a constraint and ${unable === 1 ? "is" : "are"} never the best`,
    );
  return notes;
}
