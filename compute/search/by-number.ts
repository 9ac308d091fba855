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
        if (!ledger.observe(event)) return;
        if (event.type === "proposed") dropReturned(ledger, state, event);
        if (event.type === "lost" || event.type === "withdrawn") giveBack(ledger, state, event.number);
      },
      propose(count) {
        const proposals: Proposal[] = [];
        while (proposals.length < count) {
          const point = takeReturned(ledger, state) ?? takeNext(points, ledger, state, config.repeats);
          if (point === undefined) break;
          dropReturned(ledger, state, point);
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
  /**
   * Numbers of lost and withdrawn proposals whose points nobody has, in the order of their losses, one a point. It follows from the
   * events alone, whoever made the proposals: a search that is told a log goes on like the one that wrote it.
   */
  returned: number[];
}

function giveBack(ledger: Ledger, { returned }: State, number: number): void {
  const trial = ledger.trials.get(number);
  if (trial && !ledger.hasRepeat(trial.hash, trial.repeat)) returned.push(number);
}

/** Its point is had again. */
function dropReturned(
  ledger: Ledger,
  state: State,
  { hash, repeat }: Pick<Proposal, "hash" | "repeat">,
): void {
  state.returned = state.returned.filter((number) => {
    const trial = ledger.trials.get(number);
    return trial?.hash !== hash || trial.repeat !== repeat;
  });
}

function takeReturned(ledger: Ledger, { returned }: State) {
  const [number] = returned;
  return number === undefined ? undefined : ledger.trials.get(number);
}

/**
 * An endless space may be finite in effect (a q_normal whose sigma is far below its q): where this many points more than there
 * are proposals had all been had, there is no more. 70 ms to find out.
 */
const SKIPPED = 1000;

function takeNext(points: Points, ledger: Ledger, state: State, repeats: number) {
  // Points that are had, not their numbers: constraints may forbid thousands of numbers between one point and the next.
  const most = points.size === null ? repeats * (ledger.trials.size + SKIPPED) : Number.POSITIVE_INFINITY;
  let cursor = state.cursor;
  for (let had = 0; had < most && (points.size === null || cursor < points.size); had++) {
    const { params, hash, repeat, through } = points.at(cursor);
    cursor = (through ?? cursor) + 1n;
    const text = Buffer.from(hash).toString("hex");
    if (ledger.hasRepeat(text, repeat)) continue;
    state.cursor = cursor;
    return { params, hash: text, repeat };
  }
  return undefined;
}
