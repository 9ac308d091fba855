import fc from "fast-check";
import type { Proposal, Search, SearchEvent } from "@/compute/search/method";

/** One thing that happens to a search; `pick` says to which of the runs under way, `value` what came of it. */
export interface Step {
  readonly kind:
    | "propose"
    | "started"
    | "intermediate"
    | "observed"
    | "failed"
    | "lost"
    | "pruned"
    | "withdrawn";
  readonly pick: number;
  readonly value: number;
}

const results = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -5, max: 5, noNaN: true }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0, -0, 1e300, -1e300, 5e-324, Number.NaN, Infinity, -Infinity),
  },
);

export const steps = (limits: { minLength: number; maxLength: number }): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      kind: fc.oneof(
        { weight: 5, arbitrary: fc.constant("propose" as const) },
        { weight: 4, arbitrary: fc.constant("observed" as const) },
        {
          weight: 2,
          arbitrary: fc.constantFrom(
            ...(["started", "intermediate", "failed", "lost", "pruned", "withdrawn"] as const),
          ),
        },
      ),
      pick: fc.nat({ max: 99 }),
      value: results,
    }),
    limits,
  );

export interface Told {
  readonly events: readonly SearchEvent[];
  readonly proposals: readonly Proposal[];
}

/** @param between is asked before each step which search goes on: the same, or one made of its snapshot */
export function walk(
  search: Search,
  path: readonly Step[],
  metrics: number,
  between: (search: Search, step: number) => Search = (same) => same,
): Told & { readonly search: Search } {
  const events: SearchEvent[] = [];
  const proposals: Proposal[] = [];
  const underWay: number[] = [];
  let current = search;
  for (const [i, { kind, pick, value }] of path.entries()) {
    current = between(current, i);
    if (kind === "propose") {
      for (const proposal of current.propose(1 + (pick % 2))) {
        events.push({ type: "proposed", ...proposal });
        proposals.push(proposal);
        underWay.push(proposal.number);
      }
      continue;
    }
    const at = pick % Math.max(1, underWay.length);
    const number = underWay[at];
    if (number === undefined) continue;
    const objectives = Array.from({ length: metrics }, (_, m) => (m === 0 ? value : value * value - m));
    const event = toEvent(kind, number, objectives, 1 + (pick % 9));
    if (event.type !== "started" && event.type !== "intermediate") underWay.splice(at, 1);
    events.push(event);
    current.observe(event);
  }
  return { events, proposals, search: current };
}

function toEvent(
  kind: Exclude<Step["kind"], "propose">,
  number: number,
  objectives: readonly number[],
  count: number,
): SearchEvent {
  switch (kind) {
    case "observed":
      return { type: kind, number, objectives };
    case "pruned":
      return { type: kind, number, objectives, count };
    case "intermediate": {
      const [value = 0] = objectives;
      const told = { type: kind, number, count, value: Number.isFinite(value) ? value : 0 };
      return count % 2 === 0
        ? told
        : { ...told, reached: { best: objectives, last: objectives.toReversed() } };
    }
    case "failed":
      return {
        type: kind,
        number,
        ...(count % 2 === 0 && { reached: { best: objectives, last: objectives.toReversed() } }),
      };
    default:
      return { type: kind, number };
  }
}
