import { toTable } from "@/agent/table";
import type { RecordedRun } from "@/compute/stopping/replay";
import { pow } from "@/math/elementary";
import { drawUnit, openStream } from "@/math/random";
import { normalPpf } from "@/math/special";
import { arrange, RUNS, recorded, SETS } from "./measure";

/**
 * Would another rule than a plain funnel lose less of the best tenth for the same training? `npx tsx bench/stopping/variants.ts [agents]` plays, on the
 * recorded curves and on drawn families whose curves cross more and more, what a rule could look at beside the place of a run's best: how
 * much it has improved of late, and what finished runs had come to from here.
 */
const SWEEPS = 20;
const agents = Number(process.argv[2] ?? 8);

interface Course {
  /** The best so far after each value; less is better. */
  readonly best: Float64Array;
  kept: number;
  stopped: boolean;
}

interface World {
  readonly length: number;
  readonly came: Map<number, Course[]>;
  readonly finished: Course[];
  /** Where runs were stopped. */
  readonly gone: number[];
}

type Rule = (world: World, course: Course, count: number) => boolean;

const lookFrom = ({ length }: World, part: number): number => Math.max(1, Math.round(part * length));

/** As compute/stopping/funnel.ts, for any number that runs are ordered by. @returns whether the run is behind the share by more than chance */
function isBehind(
  { came, gone, length }: World,
  course: Course,
  count: number,
  { part, percent }: { part: number; percent: number },
  keyOf: (course: Course) => number,
  own = keyOf(course),
): boolean {
  const first = lookFrom({ length } as World, part);
  const others = (came.get(count) ?? []).filter((other) => other !== course);
  const all = others.length + gone.filter((at) => at < count).length;
  if (count < first || all < 5) return false;
  const share = Math.max(10, percent * Math.sqrt(first / count)) / 100;
  const better = others.filter((other) => keyOf(other) < own).length;
  return better > Math.floor(share * all + Math.sqrt(share * (1 - share) * all));
}

const bestAt = ({ best }: Course, count: number): number => best[count - 1] as number;

const funnel =
  (part: number, percent: number): Rule =>
  (world, course, count) =>
    isBehind(world, course, count, { part, percent }, (one) => bestAt(one, count));

/** A run goes on as well where it would be within the share if it improved by `ahead` times what it has over the last half of its way. */
const trends =
  (part: number, percent: number, ahead: number): Rule =>
  (world, course, count) => {
    const before = Math.ceil(count / 2);
    const toKey = (one: Course) => {
      const now = bestAt(one, count);
      return now + ahead * (now - bestAt(one, before));
    };
    return (
      count > 1 &&
      isBehind(world, course, count, { part, percent }, (one) => bestAt(one, count)) &&
      isBehind(world, course, count, { part, percent }, toKey)
    );
  };

/** The same, compared with what the others have come to: only its own way is looked at. So `funnel` does, with a quarter. */
const catchingUp =
  (part: number, percent: number, ahead: number): Rule =>
  (world, course, count) => {
    const now = bestAt(course, count);
    const then = now + ahead * (now - bestAt(course, Math.ceil(count / 2)));
    return isBehind(world, course, count, { part, percent }, (one) => bestAt(one, count), then);
  };

/** A run goes on where one in ten of the finished runs improved so much from here that it would be among the best tenth so far. */
const forecast =
  (part: number, least: number): Rule =>
  (world, course, count) => {
    const { finished, came, gone } = world;
    if (count < lookFrom(world, part) || finished.length < least) return false;
    const finals = finished.map((one) => one.best.at(-1) as number).sort((a, b) => a - b);
    const all = (came.get(count)?.length ?? 1) - 1 + gone.filter((at) => at < count).length;
    const bar = finals[Math.min(finals.length - 1, Math.ceil(all / 10))] as number;
    const now = bestAt(course, count);
    const hits = finished.filter((one) => now * ((one.best.at(-1) as number) / bestAt(one, count)) <= bar);
    return hits.length < 0.1 * finished.length;
  };

const RULES: Readonly<Record<string, Rule>> = {
  "funnel 25": funnel(0.1, 25),
  "funnel 33": funnel(0.1, 33),
  "funnel 40": funnel(0.1, 40),
  "funnel 50": funnel(0.1, 50),
  "funnel 50 from 5 %": funnel(0.05, 50),
  "catching up 25, 1/2": catchingUp(0.1, 25, 1 / 2),
  "catching up 33, 1/8": catchingUp(0.1, 33, 1 / 8),
  "catching up 33, 1/4": catchingUp(0.1, 33, 1 / 4),
  "catching up 33, 1/2": catchingUp(0.1, 33, 1 / 2),
  "catching up 50 from 5 %, 1/4": catchingUp(0.05, 50, 1 / 4),
  "trends 25, 1": trends(0.1, 25, 1),
  "trends 33, 1/2": trends(0.1, 33, 1 / 2),
  "trends 33, 1": trends(0.1, 33, 1),
  "forecast by 8": forecast(0.1, 8),
};

/** Power laws a + b·n^-c with noise: `cross` says how much those that fall slowly end lower. */
function family(cross: number): number[][] {
  const stream = openStream("6", ["family", String(cross)]);
  let draws = 0n;
  const normal = () => normalPpf(drawUnit(stream, draws++));
  return Array.from({ length: 200 }, () => {
    const slow = normal();
    const rest = pow(10, 0.3 * (Math.sqrt(1 - cross * cross) * normal() - cross * slow));
    const speed = pow(10, -0.15 - 0.2 * slow);
    return Array.from({ length: 40 }, (_, i) => rest + 4 * pow(i + 1, -speed) + 0.02 * normal());
  });
}

/** Plays one sweep in the order of its values. @returns shares of 1: training spent, best tenth lost */
function play(runs: readonly RecordedRun[], rule: Rule): { spent: number; lost: number } {
  const length = Math.max(...runs.map(({ values }) => values.length));
  const world: World = { length, came: new Map(), finished: [], gone: [] };
  const courses = runs.map(({ values }): Course => {
    let least = Number.POSITIVE_INFINITY;
    return { best: values.map((value) => (least = Math.min(least, value))), kept: 0, stopped: false };
  });
  const events = runs.flatMap(({ times }, i) =>
    Array.from(times, (time, at) => ({ time, i, count: at + 1 })),
  );
  for (const { i, count } of events.sort((a, b) => a.time - b.time)) {
    const course = courses[i] as Course;
    if (course.stopped) continue;
    course.kept = count;
    world.came.set(count, [...(world.came.get(count) ?? []), course]);
    if (count === course.best.length) world.finished.push(course);
    else if (rule(world, course, count)) {
      course.stopped = true;
      world.gone.push(count);
    }
  }
  const finals = courses.map(({ best }) => best.at(-1) as number);
  const bar = [...finals].sort((a, b) => a - b)[Math.ceil(finals.length / 10) - 1] as number;
  const elite = courses.filter((_, i) => (finals[i] as number) <= bar);
  return {
    spent:
      courses.reduce((sum, { kept }) => sum + kept, 0) /
      runs.reduce((sum, { values }) => sum + values.length, 0),
    lost: elite.filter(({ stopped }) => stopped).length / elite.length,
  };
}

const sets = new Map<string, readonly (readonly number[])[]>([
  ...SETS.map((set) => [set, recorded(set).curves] as const),
  ...[0, 0.5, 0.8].map((cross) => [`drawn ${cross}`, family(cross)] as const),
]);
const rows = Object.entries(RULES).map(([name, rule]) => {
  const cells = [...sets.values()].map((curves) => {
    const sweeps = Array.from({ length: SWEEPS }, (_, sweep) => play(arrange(curves, sweep, agents), rule));
    const mean = (of: (one: (typeof sweeps)[number]) => number) =>
      (100 * sweeps.reduce((sum, one) => sum + of(one), 0)) / SWEEPS;
    return { spent: mean(({ spent }) => spent), lost: mean(({ lost }) => lost) };
  });
  const over = (of: (cell: (typeof cells)[number]) => number) =>
    (cells.reduce((sum, cell) => sum + of(cell), 0) / cells.length).toFixed(1);
  return [
    name,
    ...cells.map(({ spent, lost }) => `${spent.toFixed(0)} / ${lost.toFixed(0)}`),
    `${over(({ spent }) => spent)} / ${over(({ lost }) => lost)}`,
  ];
});
console.log(
  `${SWEEPS} sweeps of ${RUNS} runs, ${agents} agents: training spent / best tenth lost, in percent\n`,
);
console.log(toTable(["RULE", ...sets.keys(), "MEAN"], rows));
