/** What is stored of a proposal that no model made: it is taken at once, and has nothing to be compared with. */
export const UNPREDICTED = {
  mean: null,
  sd: null,
  acquisition: null,
  acquisitionName: null,
  improvement: null,
  memory: null,
  computeMs: null,
  state: "taken",
  told: "nothing",
} as const;
