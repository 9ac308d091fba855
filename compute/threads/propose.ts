import { bayes } from "../search/bayes";
import { toGain } from "../search/gain";
import { detailsOfHaste, toLoggedProposal } from "../search/logged-event";
import { MOST_HASTE } from "../search/method";
import type { ComputedProposal, ProposeAnswer, ProposeRequest } from "./protocol";
import { notePoint, type Told, withSearch } from "./searches";

/** Runs in a thread. */
export const propose = (request: ProposeRequest): ProposeAnswer =>
  withSearch(request, (told) => answer(told, request)) ?? { known: false };

function answer(told: Told, { count, withinMs, paceMs }: ProposeRequest): ProposeAnswer {
  const proposals: ComputedProposal[] = [];
  const results = [...told.results.values()];
  const goal = told.problem.config.metric?.goal ?? "minimize";
  const end = performance.now() + withinMs;
  let spent = false;
  while (proposals.length < count) {
    const began = performance.now();
    if (proposals.length > 0 && began >= end) break;
    const haste = hasteAt(told, paceMs);
    const [proposal] = told.search.propose(1, haste);
    spent = proposal === undefined;
    if (proposal === undefined) break;
    notePoint(told, proposal);
    const took = performance.now() - began;
    if (proposal.reason === "model") noteTime(told, took * 2 ** haste);
    const computeMs = Math.round(took * 100) / 100;
    proposals.push({
      kind: "proposed",
      number: proposal.number,
      details: detailsOfHaste(haste),
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

/** Of the time from one proposal to the next, what thinking may take: the rest is the database's, and for fits. */
const THINKING_SHARE = 0.6;

/** As little haste as the pace allows. The log keeps it, so a clock may decide. */
function hasteAt({ method, usualMs }: Told, paceMs: number): number {
  if (method !== bayes.name) return 0;
  let haste = 0;
  while (haste < MOST_HASTE && usualMs / 2 ** haste > THINKING_SHARE * paceMs) haste++;
  return haste;
}

/** A mean of the last five or so. */
function noteTime(told: Told, ms: number): void {
  told.usualMs = 0.8 * told.usualMs + 0.2 * ms;
}
