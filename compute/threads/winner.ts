import { bayes } from "../search/bayes";
import { bestByModel } from "../search/bayes-winner";
import type { TellRequest, WinnerAnswer } from "./protocol";
import { withSearch } from "./searches";

/** Runs in a thread. It takes no longer than a proposal: after one, the model is as that one fitted it. */
export const findWinner = (request: TellRequest): WinnerAnswer =>
  withSearch(request, ({ problem, search, method }) => {
    const winner = method === bayes.name ? bestByModel(problem, search.snapshot()) : null;
    return { known: true as const, winner };
  }) ?? { known: false };
