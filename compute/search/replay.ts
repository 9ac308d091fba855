import { fromLogged, fromLoggedProposal, hasteOf, type LoggedEvent, toLoggedProposal } from "./logged-event";
import type { Problem, SearchMethod } from "./method";

export interface Replay {
  /** Proposals of the method that were derived again. */
  readonly proposals: number;
  /** Those that came out otherwise, the first ones. */
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly number: number;
  /** What differs: params, mean, memory ... */
  readonly field: string;
  readonly stored: unknown;
  readonly derived: unknown;
}

/** Behind the first difference every later proposal may differ for its sake. */
const MOST = 10;

/**
 * Derives every proposal of a log again, from the events before it, and compares all that it is: parameters, hash, repeat,
 * reason, expectation and memory, to the last bit.
 * @param onProgress told the events done so far
 * @param isOwn whether a proposal was made under this configuration; what came of an earlier one is observed, not derived
 */
export function replay(
  method: SearchMethod,
  problem: Problem,
  events: readonly LoggedEvent[],
  onProgress: (done: number) => void = () => {},
  isOwn: (number: number) => boolean = () => true,
): Replay {
  const search = method.open(problem);
  const differences: Difference[] = [];
  let proposals = 0;
  for (const [i, event] of events.entries()) {
    onProgress(i);
    if (event.kind !== "proposed" || event.number < 0 || !isOwn(event.number)) {
      search.observe(fromLogged(event));
      continue;
    }
    proposals++;
    const [derived] = search.propose(1, hasteOf(event));
    const stored = fromLoggedProposal(event);
    if (derived === undefined || derived.number !== stored.number) {
      differences.push({
        number: stored.number,
        field: "number",
        stored: stored.number,
        derived: derived?.number,
      });
      break;
    }
    const was: Record<string, unknown> = toLoggedProposal(stored);
    const is: Record<string, unknown> = toLoggedProposal(derived);
    for (const field of Object.keys(is))
      if (!Object.is(was[field], is[field]))
        differences.push({ number: stored.number, field, stored: was[field], derived: is[field] });
    if (differences.length >= MOST) break;
  }
  onProgress(events.length);
  return { proposals, differences };
}
