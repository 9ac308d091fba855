import { toValueMap } from "@/core/value";
import { openDomain } from "./domain";
import { type Ledger, openLedger } from "./ledger";
import { fieldOf, readSnapshot, toNumbers, toSnapshot } from "./ledger-text";
import type { Problem, Proposal, ProposalReason, Search, SearchMethod } from "./method";
import { openPoints, type Points } from "./points";

/**
 * Methods whose points have numbers (grid, random, sobol) as searches: the points in their order, without those that were
 * had. What was lost or withdrawn comes again before anything new.
 */
export function byNumber(name: string, reason: ProposalReason): SearchMethod {
  const method: SearchMethod = {
    name,
    version: "1",
    open: (problem) => {
      const { read } = openDomain(problem.config);
      return search(problem, openLedger(problem.config, read), { cursor: 0n, returned: [] });
    },
    restore(problem, snapshot) {
      const { read } = openDomain(problem.config);
      const { ledger, own } = readSnapshot(method, problem, snapshot, read);
      const cursor = BigInt(String(fieldOf(own, "cursor")));
      return search(problem, ledger, { cursor, returned: toNumbers(fieldOf(own, "returned")) });
    },
  };
  const search = ({ config, seed }: Problem, ledger: Ledger, state: State): Search => {
    const points = openPoints({ ...config, method: name as "grid" | "random" | "sobol" }, seed);
    return {
      observe(event) {
        const isGone = event.type === "lost" || event.type === "withdrawn";
        if (ledger.observe(event) && isGone) state.returned.push(event.number);
      },
      propose(count) {
        const proposals: Proposal[] = [];
        while (proposals.length < count) {
          const point = takeReturned(ledger, state) ?? takeNext(points, ledger, state);
          if (point === undefined) break;
          proposals.push(ledger.add({ ...point, reason }));
        }
        return proposals;
      },
      snapshot: () =>
        toSnapshot(
          method,
          ledger,
          toValueMap([
            ["cursor", String(state.cursor)],
            ["returned", [...state.returned]],
          ]),
        ),
    };
  };
  return method;
}

interface State {
  /** All points before it were had. */
  cursor: bigint;
  /** Numbers of lost and withdrawn proposals, in the order of their losses. */
  returned: number[];
}

function takeReturned(ledger: Ledger, { returned }: State) {
  for (let number = returned.shift(); number !== undefined; number = returned.shift()) {
    const trial = ledger.trials.get(number);
    if (trial && !ledger.hasRepeat(trial.hash, trial.repeat)) return trial;
  }
  return undefined;
}

/** An endless space may have a finite branch that is had by now: a search does not look for its way out for ever. */
const MOST_SKIPPED = 100_000;

function takeNext(points: Points, ledger: Ledger, state: State) {
  for (let skipped = 0; skipped < MOST_SKIPPED; skipped++) {
    if (points.size !== null && state.cursor >= points.size) return undefined;
    const { params, hash, repeat } = points.at(state.cursor);
    state.cursor++;
    const text = Buffer.from(hash).toString("hex");
    if (!ledger.hasRepeat(text, repeat)) return { params, hash: text, repeat };
  }
  return undefined;
}
