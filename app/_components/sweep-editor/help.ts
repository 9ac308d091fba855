/** What may stand in a sweep file, for completion and for help on a key: one table, which test/app/sweep-help.test.ts holds against the parser. */
export interface KeyHelp {
  readonly key: string;
  /** One or two sentences. */
  readonly help: string;
  /** Words it may be, each with what it means. */
  readonly words?: Readonly<Record<string, string>>;
  /** What is put behind the key when it is chosen; a blank when absent. */
  readonly begin?: string;
}

const YES_NO = { true: "yes", false: "no" };

const GOALS = { minimize: "Less is better.", maximize: "More is better." };

const METRIC: readonly KeyHelp[] = [
  { key: "name", help: "As the program logs it." },
  { key: "goal", help: "Which way is better; minimize when absent.", words: GOALS },
  { key: "target", help: "The sweep ends when a run has reached this value." },
  {
    key: "impute",
    help: "What a run that failed counts with in the search.",
    words: {
      worst: "The worst result known.",
      best: "The best value it had logged.",
      latest: "The last value it had logged.",
    },
  },
  {
    key: "impute_while_running",
    help: "What a run under way counts with in the search; false: it does not count.",
    words: {
      false: "It does not count.",
      worst: "The worst result known.",
      best: "The best value so far.",
      latest: "The last value.",
    },
  },
];

const PARAMETER: readonly KeyHelp[] = [
  { key: "value", help: "The same value for every run." },
  { key: "values", help: "A list: each run has one of them.", begin: " []" },
  { key: "min", help: "The least value. 0.0 makes a range continuous, 0 makes it whole numbers." },
  { key: "max", help: "The greatest value. 1.0 makes a range continuous, 1 makes it whole numbers." },
  {
    key: "distribution",
    help: "How values are drawn; found from the other keys when absent.",
    words: {
      uniform: "Continuous, all alike, from min to max.",
      int_uniform: "Whole numbers from min to max, both included.",
      log_uniform_values: "Continuous from min to max, as many in each decade: for learning rates.",
      log_uniform: "The same, min and max being natural logarithms.",
      inv_log_uniform_values: "As log_uniform_values, mirrored.",
      inv_log_uniform: "As log_uniform, mirrored.",
      q_uniform: "Multiples of q from min to max.",
      q_log_uniform_values: "Multiples of q, as many in each decade.",
      q_log_uniform: "The same, min and max being natural logarithms.",
      normal: "Bell-shaped around mu, as wide as sigma.",
      q_normal: "Multiples of q, bell-shaped.",
      log_normal: "Its logarithm is bell-shaped around mu.",
      q_log_normal: "Multiples of q whose logarithm is bell-shaped.",
      beta: "Between 0 and 1, shaped by a and b.",
      q_beta: "Multiples of q between 0 and 1.",
      categorical: "One of values.",
      constant: "Always value.",
    },
  },
  { key: "probabilities", help: "How often each of values is drawn; they add up to 1.", begin: " []" },
  { key: "q", help: "The step of a q_ distribution." },
  { key: "mu", help: "The middle of a normal distribution." },
  { key: "sigma", help: "How wide a normal distribution is." },
  { key: "a", help: "The first shape of beta." },
  { key: "b", help: "The second shape of beta." },
  { key: "parameters", help: "A group: parameters inside this one.", begin: "\n" },
  {
    key: "when",
    help: "The parameter exists only where another one has these values: {optimizer: sgd}.",
    begin: " {}",
  },
];

const STOPPING: readonly KeyHelp[] = [
  {
    key: "type",
    help: "Which rule stops runs before their end.",
    words: {
      hyperband: "Of the runs at a band the best 1/eta go on (W&B's rule).",
      asha: "Successive halving without waiting: at each band the best 1/eta of all that came so far go on.",
      median: "Stops a run that is worse than the median of the others at the same count.",
      percentile: "The best percent of the runs go on.",
      funnel: "The best percent go on, narrowing to final.",
      wilcoxon: "Stops a run that a paired test finds worse than the best one.",
      patience: "Stops a run that has not improved on itself for so many values.",
    },
  },
  { key: "min_iter", help: "The first band: so many logged values." },
  { key: "max_iter", help: "The longest a run may go; with s it says where the bands lie." },
  { key: "s", help: "How many bands there are before max_iter." },
  { key: "eta", help: "One in so many goes on at each band; 3 when absent." },
  { key: "reduction", help: "Another word for eta." },
  { key: "strict", help: "Compare the value at the band instead of the best so far.", words: YES_NO },
  { key: "bands", help: "Where runs are looked at: a rising list.", begin: " []" },
  {
    key: "by",
    help: "What bands count.",
    words: { count: "Logged values.", step: "The steps they were logged at." },
  },
  { key: "grace", help: "No run is stopped before it has logged so many values." },
  { key: "min_runs", help: "So many other runs must have come as far first." },
  { key: "every", help: "Looks at every so many values." },
  { key: "percent", help: "How many of 100 runs go on." },
  { key: "final", help: "What the funnel narrows to, of 100." },
  { key: "p_threshold", help: "How sure the test must be: 0.1 when absent." },
  { key: "patience", help: "So many values without an improvement stop a run." },
  { key: "min_delta", help: "Less than this is no improvement." },
];

const UNTIL: readonly KeyHelp[] = [
  { key: "target", help: "The sweep ends when one run has reached these values: {loss: 0.1}.", begin: " {}" },
  { key: "no_improvement", help: "So many finished runs in a row without a new best one end the sweep." },
  {
    key: "expected_improvement",
    help: "The sweep ends when the model expects to gain less than this (bayes).",
  },
];

const BUDGET: readonly KeyHelp[] = [
  { key: "hours", help: "Of wall-clock time since the first run." },
  { key: "runs", help: "Another way to write run_cap." },
  { key: "until", help: "When the sweep has done enough.", begin: "\n" },
];

const TOP: readonly KeyHelp[] = [
  {
    key: "method",
    help: "How configurations are chosen.",
    words: {
      grid: "Every combination of the lists, exactly once.",
      random: "Drawn anew for each run.",
      sobol: "Spread evenly over the space.",
      bayes: "By a model of the results so far; for up to some hundred runs.",
      tpe: "By where good results were found; for hundreds of runs.",
      cmaes: "By evolution; for thousands of runs over numbers.",
      auto: "The search that fits the space and run_cap.",
    },
  },
  { key: "metric", help: "What is measured, and which way is better.", begin: "\n" },
  { key: "metrics", help: "Two or three metrics at once: the best compromises are shown.", begin: "\n" },
  { key: "parameters", help: "What is varied: below it one entry for each parameter.", begin: "\n" },
  { key: "program", help: "The training program; started as python PROGRAM --name=value ..." },
  {
    key: "command",
    help: "The command line as a list of words with macros such as the program and its args.",
    begin: " []",
  },
  { key: "name", help: "What the sweep is called." },
  { key: "description", help: "A sentence about the sweep." },
  { key: "project", help: "Where it lies; the page or the command line says it as well." },
  { key: "entity", help: "Whose it is; the page or the command line says it as well." },
  { key: "run_cap", help: "The sweep ends after so many runs." },
  { key: "early_terminate", help: "Stops runs that do badly before their end.", begin: "\n" },
  { key: "budget", help: "How long the sweep goes on: hours, runs, and what is enough.", begin: "\n" },
  {
    key: "constraints",
    help: 'Rules that parameters or metrics keep to: a list of texts such as "a < b".',
    begin: "\n",
  },
  { key: "repeats", help: "So many runs of each configuration; 1 when absent." },
  { key: "retries", help: "A run that is lost goes out again up to so many times; 2 when absent." },
  { key: "retry_failed", help: "Runs that fail count as lost, too.", words: YES_NO },
  {
    key: "quarantine_after",
    help: "So many runs in a row that fail at once on a machine, and it gets no more; false: never.",
  },
  { key: "seed", help: "The same seed and file draw the same configurations." },
  {
    key: "grid_order",
    help: "In which order a grid is gone through.",
    words: { sorted: "The last parameter varies fastest.", random: "Shuffled by the seed." },
  },
  { key: "run_name", help: "What runs are called, with parameters in braces: lr {lr}." },
  {
    key: "log_pattern",
    help: "Regular expressions with named groups: metrics are read from what the program prints.",
    begin: " []",
  },
  { key: "controller", help: "Of W&B's local controller; has no effect here.", begin: "\n" },
  { key: "scheduler", help: "Of W&B Launch.", begin: "\n" },
];

/** The keys that may stand below this path; undefined where anything may, as the names of parameters. */
export function keysAt(path: readonly string[]): readonly KeyHelp[] | undefined {
  const [first, second, ...rest] = path;
  if (first === undefined) return TOP;
  if (first === "metric" && second === undefined) return METRIC;
  if (first === "metrics" && rest.length === 0) return METRIC;
  if (first === "early_terminate" && second === undefined) return STOPPING;
  if (first === "budget")
    return second === undefined ? BUDGET : second === "until" && rest.length === 0 ? UNTIL : undefined;
  if (first !== "parameters" || second === undefined) return undefined;
  // parameters, NAME, then for each group: parameters, NAME
  let left = rest;
  while (left[0] === "parameters") {
    if (left.length === 1) return undefined;
    left = left.slice(2);
  }
  return left.length === 0 ? PARAMETER : undefined;
}

/** The key at the end of the path. */
export const helpOn = (path: readonly string[]): KeyHelp | undefined =>
  keysAt(path.slice(0, -1))?.find(({ key }) => key === path.at(-1));
