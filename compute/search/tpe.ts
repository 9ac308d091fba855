import { byModel } from "./by-model";
import { openTpeThinker } from "./tpe/think";

/**
 * The tree-structured Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011), over
 * all parameters together: one density of the good runs, one of the others, and the next run is where the first is largest
 * beside the second, among some draws from the first. Its time grows with the number of runs, not with its cube, so it serves
 * sweeps of thousands of runs and spaces of hundreds of conditional parameters.
 */
export const tpe = byModel("tpe", "1", openTpeThinker);
