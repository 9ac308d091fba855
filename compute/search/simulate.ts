import type { Metric } from "@/core/sweep-config";
import type { ValueMap } from "@/core/value";
import { exp } from "@/math/elementary";
import { drawUnit, openStream } from "@/math/random";
import { normalPpf } from "@/math/special";
import type { Outcome, Proposal, Search, SearchEvent } from "./method";

/**
 * Plays a search against an objective with agents that work side by side, without a server, a clock or a process:
 *
 *     const { happenings, proposals } = simulate(method.open(problem), objective, { agents: 8, runs: 60, seed: "1" });
 *
 * An agent that is free asks for one proposal and runs it. Runs take random times, some fail on the way, some are lost (and
 * found to be only LEASE later, as by a server), and their results come in the order in which they end. All of
 * it is drawn from the seed: equal arguments give equal plays, to the bit.
 */
export interface World {
  readonly agents: number;
  /** How many proposals are run at most, lost ones included. */
  readonly runs: number;
  readonly seed: string;
  /** Chance that a run's program fails. */
  readonly failing?: number;
  /** Chance that its machine goes away. */
  readonly losing?: number;
  /** How long a run takes, in any unit; half to twice the unit, mostly, when left out. `unit` is a draw in (0, 1). */
  readonly duration?: (params: ValueMap, unit: number) => number;
  /** Of the first metric, for what is best of the values logged so far; to minimize when left out. */
  readonly goal?: Metric["goal"];
}

/** @param draw the i-th random number in (0, 1) of this run, for noise */
export type Objective = (params: ValueMap, draw: (i: number) => number) => Result;

export interface Result extends Outcome {
  /** What the program logs of its (first) metric on its way, at even distances of time; nothing when left out. */
  readonly logged?: readonly number[];
}

export interface Happening {
  /** In the unit of the durations, from 0. */
  readonly at: number;
  readonly event: SearchEvent;
}

export interface Play {
  /** All that the search was told, proposals included, in the order in which it was. */
  readonly happenings: readonly Happening[];
  readonly proposals: readonly Proposal[];
  /** When the last run ended. */
  readonly duration: number;
}

/** In durations of the lost run: how much later than its end anybody knows of it. */
const LEASE = 0.5;
/** Of the logarithm of durations: two of three runs take between 0.6 and 1.65 units. */
const SPREAD = 0.5;

export function simulate(search: Search, objective: Objective, world: World): Play {
  const { agents, runs, seed, failing = 0, losing = 0, duration = usual, goal } = world;
  const happenings: Happening[] = [];
  const proposals: Proposal[] = [];
  const due: Happening[] = [];
  let free = agents;
  let now = 0;

  const tell = (event: SearchEvent): void => {
    happenings.push({ at: now, event });
    if (event.type !== "proposed") search.observe(event);
  };
  const start = (proposal: Proposal): void => {
    const { number, params } = proposal;
    proposals.push(proposal);
    tell({ type: "proposed", ...proposal });
    tell({ type: "started", number });
    const stream = openStream(seed, ["run", String(number)]);
    const draw = (i: number): number => drawUnit(stream, BigInt(i));
    const length = duration(params, draw(0));
    const fate = draw(1);
    const ending = draw(2);
    // its own draws come after those three
    const { logged = [], ...outcome } = objective(params, (i) => draw(i + 3));
    const isLost = fate < losing;
    const isFailed = !isLost && fate < losing + failing;
    const worked = isLost || isFailed ? ending * length : length;
    for (const [i, { count, value }] of bestSoFar(logged, goal).entries()) {
      const after = (length * (i + 1)) / (logged.length + 1);
      if (after < worked && count > 0)
        due.push({ at: now + after, event: { type: "intermediate", number, count, value } });
    }
    if (isLost) due.push({ at: now + worked + LEASE * length, event: { type: "lost", number } });
    else if (isFailed) due.push({ at: now + worked, event: { type: "failed", number } });
    else due.push({ at: now + worked, event: { type: "observed", number, ...outcome } });
  };

  for (;;) {
    while (free > 0 && proposals.length < runs) {
      const [proposal] = search.propose(1);
      if (proposal === undefined) break;
      free--;
      start(proposal);
    }
    const next = takeFirst(due);
    if (next === undefined) return { happenings, proposals, duration: now };
    now = next.at;
    tell(next.event);
    if (next.event.type !== "intermediate") free++;
  }
}

const usual = (_: ValueMap, unit: number): number => exp(SPREAD * normalPpf(unit));

/** The earliest; of equal ones that which was planned first. */
function takeFirst(due: Happening[]): Happening | undefined {
  let first = 0;
  for (let i = 1; i < due.length; i++) if ((due[i] as Happening).at < (due[first] as Happening).at) first = i;
  return due.splice(first, 1)[0];
}

/** At each value logged: the finite ones so far, and the best of them. */
function bestSoFar(
  logged: readonly number[],
  goal: Metric["goal"] = "minimize",
): { count: number; value: number }[] {
  let count = 0;
  let value = Number.NaN;
  return logged.map((each) => {
    if (Number.isFinite(each)) {
      const isBetter = goal === "minimize" ? each < value : each > value;
      if (count === 0 || isBetter) value = each;
      count++;
    }
    return { count, value };
  });
}
