import { type Goal, isBetter } from "@/core/sweep";
import { beats, hypervolume } from "./pareto";

/** A finished run, and what it came to in each metric; null where it logged none. */
export interface FinishedRun {
  readonly id: number;
  readonly objectives: readonly (number | null)[];
}

/** One that no other beats in all metrics; of equal ones the first that ended. */
export interface Member {
  readonly id: number;
  /** In the metrics' own units. */
  readonly objectives: readonly number[];
  /** Which finished run of its sweep it was, from 1. */
  readonly ordinal: number;
}

/** The finished runs of a sweep as far as several goals are concerned, and how they have come along. */
export interface Front {
  /** Finished runs so far. */
  readonly runs: number;
  /** Of them, those behind the last one that came into the front: none was better in anything without being worse. */
  readonly barren: number;
  /** In the order of their ends. */
  readonly members: readonly Member[];
  /** The worst value that any run had of each metric. */
  readonly reference: readonly number[] | null;
  /** What the members cover between them and the reference, in the product of the metrics' units; null where it is too dear. */
  readonly hypervolume: number | null;
}

export const NO_FRONT: Front = { runs: 0, barren: 0, members: [], reference: null, hypervolume: null };

/** Of three metrics the volume takes n² log n steps: 40 ms for as many members. */
const MEASURED = 500;

/**
 * The front after some more runs have ended. A run that comes into it may throw others out; what was thrown out can't come back
 * (only a deletion could, and then the front is grown anew from nothing).
 * @param goals of each metric
 * @param finished in the order of their ends
 */
export function growFront(front: Front, goals: readonly Goal[], finished: readonly FinishedRun[]): Front {
  let { runs, barren, reference } = front;
  let known = front.members.map((member) => ({ member, point: toPoint(goals, member.objectives) }));
  for (const { id, objectives } of finished) {
    runs++;
    if (known.length > 0) barren++;
    if (!isComplete(objectives)) continue;
    reference = reference?.map((worst, j) => worse(goals[j], worst, objectives[j] as number)) ?? objectives;
    const point = toPoint(goals, objectives);
    if (known.some((other) => beats(other.point, point, true))) continue;
    known = known.filter((other) => !beats(point, other.point, false));
    known.push({ member: { id, objectives, ordinal: runs }, point });
    barren = 0;
  }
  const members = known.map(({ member }) => member);
  return { runs, barren, members, reference, hypervolume: measure(goals, members, reference) };
}

const isComplete = (objectives: readonly (number | null)[]): objectives is number[] =>
  objectives.length > 0 && objectives.every((value) => value !== null && Number.isFinite(value));

const worse = (goal: Goal | undefined, a: number, b: number): number =>
  isBetter(goal ?? "minimize", a, b) ? b : a;

/** Where more is better. */
const toPoint = (goals: readonly Goal[], objectives: readonly number[]): number[] =>
  objectives.map((value, j) => (goals[j] === "maximize" ? value : -value));

function measure(
  goals: readonly Goal[],
  members: readonly Member[],
  reference: readonly number[] | null,
): number | null {
  if (reference === null || (goals.length > 2 && members.length > MEASURED)) return null;
  const volume = hypervolume(
    members.map(({ objectives }) => toPoint(goals, objectives)),
    toPoint(goals, reference),
  );
  return Number.isFinite(volume) ? volume : null;
}
