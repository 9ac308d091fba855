import { openBayesThinker } from "./bayes-thought";
import { byModel } from "./by-model";

/**
 * Bayesian optimisation: a Gaussian process of what was seen, and the point where it expects most. The model is computed from
 * the ledger, and a fit begins where the `memory` of the last proposal says.
 */
export const bayes = byModel("bayes", "3", openBayesThinker);
