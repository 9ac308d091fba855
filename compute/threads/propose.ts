import { toGain } from "../search/gain";
import { toLoggedProposal } from "../search/logged-event";
import type { ComputedProposal, ProposeAnswer, ProposeRequest } from "./protocol";
import { type Told, withSearch } from "./searches";

/** Runs in a thread. */
export const propose = (request: ProposeRequest): ProposeAnswer =>
  withSearch(request, (told) => answer(told, request)) ?? { known: false };

function answer(told: Told, { count, withinMs }: ProposeRequest): ProposeAnswer {
  const proposals: ComputedProposal[] = [];
  const results = [...told.results.values()];
  const goal = told.problem.config.metric?.goal ?? "minimize";
  const end = performance.now() + withinMs;
  let spent = false;
  while (proposals.length < count) {
    const began = performance.now();
    if (proposals.length > 0 && began >= end) break;
    const [proposal] = told.search.propose(1);
    spent = proposal === undefined;
    if (proposal === undefined) break;
    const computeMs = Math.round((performance.now() - began) * 100) / 100;
    proposals.push({
      kind: "proposed",
      number: proposal.number,
      details: null,
      ...toLoggedProposal(proposal),
      computeMs,
      gain: toGain(proposal.predicted, results, goal),
    });
  }
  // The log will have them as its next events, which the search has seen already.
  told.position += proposals.length;
  const { method, version, why } = told;
  return { known: true, proposals, spent, method, version, why };
}
