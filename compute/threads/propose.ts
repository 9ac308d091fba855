import { deserializeConfig } from "@/core/sweep-config";
import { fromLogged, toLoggedProposal } from "../search/logged-event";
import type { Problem, Search } from "../search/method";
import { pickMethod } from "../search/methods";
import type { ComputedProposal, ProposeAnswer, ProposeRequest } from "./protocol";

interface Known {
  readonly search: Search;
  readonly method: string;
  readonly version: string;
  readonly why: string;
  /** How much of the log it was told. */
  position: number;
}

/** Searches that this thread has at hand: a search of 1,000 runs holds a factor of 8 MB. */
const KEPT = 32;
const searches = new Map<string, Known>();

/** Runs in a thread. What fails leaves nothing behind: the search is then told its whole log again. */
export function propose(request: ProposeRequest): ProposeAnswer {
  const { key, from, events, count } = request;
  const known = from === 0 ? open(request) : searches.get(key);
  if (known === undefined || known.position !== from) return { known: false };
  searches.delete(key);
  for (const event of events) known.search.observe(fromLogged(event));
  known.position = from + events.length;
  const proposals: ComputedProposal[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const [proposal] = known.search.propose(1);
    if (proposal === undefined) break;
    const computeMs = Math.round((performance.now() - began) * 100) / 100;
    proposals.push({
      kind: "proposed",
      number: proposal.number,
      details: null,
      ...toLoggedProposal(proposal),
      computeMs,
    });
  }
  // The log will have them as its next events, which the search has seen already.
  known.position += proposals.length;
  keep(key, known);
  const { method, version, why } = known;
  return { known: true, proposals, method, version, why };
}

function open({ config, seed }: ProposeRequest): Known {
  const problem: Problem = { config: deserializeConfig(config), seed };
  const { method, why } = pickMethod(problem);
  return { search: method.open(problem), method: method.name, version: method.version, why, position: 0 };
}

function keep(key: string, known: Known): void {
  searches.set(key, known);
  const oldest = searches.keys().next();
  if (searches.size > KEPT && !oldest.done) searches.delete(oldest.value);
}
