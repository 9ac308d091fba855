import { toGain } from "../search/gain";
import { toLoggedProposal } from "../search/logged-event";
import type { ComputedProposal, ProposeAnswer, ProposeRequest } from "./protocol";
import { type Told, withSearch } from "./searches";

/** Runs in a thread. */
export const propose = (request: ProposeRequest): ProposeAnswer =>
  withSearch(request, (told) => answer(told, request.count)) ?? { known: false };

function answer(told: Told, count: number): ProposeAnswer {
  const proposals: ComputedProposal[] = [];
  const results = [...told.results.values()];
  const goal = told.problem.config.metric?.goal ?? "minimize";
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const [proposal] = told.search.propose(1);
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
  return { known: true, proposals, method, version, why };
}
