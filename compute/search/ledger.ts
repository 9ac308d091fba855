import type { SweepConfig } from "@/core/sweep-config";
import type { ValueMap } from "@/core/value";
import type { Values } from "./domain";
import type {
  Outcome,
  Prediction,
  Prior,
  Proposal,
  ProposalReason,
  Proposed,
  Reached,
  SearchEvent,
} from "./method";

/**
 * The bookkeeping that every search method needs: which configurations are pending, what came of the others, which were had.
 *
 *     const ledger = openLedger(problem.config, domain.read);
 *     ledger.observe(event);                       // true when it says something new about a trial
 *     ledger.settled, ledger.pending, ledger.size  // what a model is fitted to
 *     ledger.has(hash), ledger.owed()              // what not to propose again, and what `repeats` asks for again
 *     ledger.add({ ...values, reason: "model" })   // makes it pending and numbers it
 *
 * Everything is a function of the events alone: a proposal added here and one that is told as a `proposed` event
 * leave the same state. `ledger-text.ts` writes and reads it.
 */
export interface Ledger {
  /** Every proposal and prior run by its number, in the order in which they came. */
  readonly trials: ReadonlyMap<number, Trial>;
  /** What the next proposal is numbered. */
  readonly next: number;
  /** Proposed or started without an outcome yet, in the order of their proposals. */
  readonly pending: readonly Trial[];
  /** Observed, failed and pruned ones and prior runs, in the order of their outcomes. */
  readonly settled: readonly Trial[];
  /** How many runs have a result that a model can learn from. */
  readonly observed: number;
  /** @returns whether it changed anything. @throws RangeError for an outcome of a number that was never proposed */
  observe(event: SearchEvent): boolean;
  /** Numbers a configuration, gives it the first repeat that is free, and has it pending. */
  add(choice: Choice): Proposal;
  /** Whether this configuration is pending or has an outcome. Lost and withdrawn runs count only where they keep their point. */
  has(hash: string): boolean;
  /** The same for one of its repeats. */
  hasRepeat(hash: string, repeat: number): boolean;
  /** The first configuration that was handed out, be it as a fallback, and has fewer runs than `repeats` asks for; of prior runs none. */
  owed(): Trial | undefined;
}

export interface Trial {
  readonly number: number;
  readonly params: ValueMap;
  /** 64 hexadecimal digits; of a prior run outside of the space, a text that no configuration has. */
  readonly hash: string;
  readonly repeat: number;
  /** Undefined for a prior run whose parameters do not belong to the space. */
  readonly x: Float64Array | undefined;
  readonly reason: ProposalReason | "prior";
  readonly predicted: Prediction | null;
  readonly memory: readonly number[] | null;
  /** An outcome without a finite objective is `failed`, whatever it was told as. A prior run is observed or failed. */
  readonly state: "pending" | "observed" | "failed" | "pruned" | "lost" | "withdrawn";
  /** A lost or withdrawn one that still has its point. */
  readonly keepsPoint: boolean;
  /** Whether an agent has it. */
  readonly started: boolean;
  /** Where it stood when it last told. */
  readonly progress: Progress | null;
  /** What it had logged when it last told, in a sweep that imputes by that; null where nothing was told. */
  readonly reached: Reached | null;
  readonly outcome: Outcome | null;
}

export interface Progress {
  readonly count: number;
  readonly value: number;
}

export interface Choice extends Pick<Values, "params" | "hash"> {
  readonly reason: ProposalReason;
  readonly predicted?: Prediction | null;
  readonly memory?: readonly number[] | null;
  /** Left out: the first that is free. */
  readonly repeat?: number;
}

type Read = (params: ValueMap) => Values | undefined;

export function openLedger(
  { repeats }: Pick<SweepConfig, "repeats">,
  read: Read,
  before: { readonly trials: readonly Trial[]; readonly settled: readonly number[] } = NOTHING,
): Ledger {
  const trials = new Map<number, Trial>();
  /** Which repeats of a configuration are pending or done, and how many trials have each: a fallback may have met a proposal. */
  const taken = new Map<string, Map<number, number>>();
  const pending = new Map<number, Trial>();
  const settled: Trial[] = [];
  /** Of each configuration the trial that had it first, as long as it may be short of repeats. */
  const short = new Map<string, Trial>();
  let next = 0;
  let observed = 0;

  const enter = (trial: Trial): void => {
    trials.set(trial.number, trial);
    if (trial.number >= next) next = trial.number + 1;
    if (trial.state === "pending") pending.set(trial.number, trial);
    if (hasPoint(trial)) {
      const holders = taken.get(trial.hash) ?? new Map<number, number>();
      taken.set(trial.hash, holders.set(trial.repeat, (holders.get(trial.repeat) ?? 0) + 1));
    }
    if (trial.reason !== "prior" && repeats > 1 && !short.has(trial.hash)) short.set(trial.hash, trial);
  };
  const free = ({ hash, repeat }: Trial): void => {
    const holders = taken.get(hash);
    const others = (holders?.get(repeat) ?? 1) - 1;
    if (others > 0) holders?.set(repeat, others);
    else holders?.delete(repeat);
    if (holders?.size === 0) taken.delete(hash);
  };
  const settle = (trial: Trial): void => {
    settled.push(trial);
    if (trial.state === "observed") observed++;
  };
  /** Replaces what is known of a trial, keeping its place in the order. */
  const change = (trial: Trial): void => {
    trials.set(trial.number, trial);
    if (trial.state === "pending") {
      pending.set(trial.number, trial);
      return;
    }
    pending.delete(trial.number);
    if (isLive(trial)) settle(trial);
    else if (!hasPoint(trial)) free(trial);
  };
  for (const trial of before.trials) enter(trial);
  for (const number of before.settled) settle(known(trials, number));

  return {
    trials,
    settled,
    get next() {
      return next;
    },
    get pending() {
      return [...pending.values()];
    },
    get observed() {
      return observed;
    },
    observe(event) {
      if (event.type === "proposed" || event.type === "prior") {
        if (trials.has(event.number)) return false;
        const trial = event.type === "prior" ? fromPrior(event, read, taken) : fromProposal(event, read);
        enter(trial);
        if (event.type === "prior") settle(trial);
        return true;
      }
      const trial = known(trials, event.number);
      if (trial.state !== "pending" && !isFoundAgain(trial, event)) return false;
      change(tell(trial, event));
      return true;
    },
    add({ params, hash, reason, predicted = null, memory = null, repeat }) {
      const own = repeat ?? firstFree(taken.get(hash));
      const proposal: Proposal = { number: next, params, hash, repeat: own, reason, predicted, memory };
      enter(fromProposal(proposal, read));
      return proposal;
    },
    has: (hash) => taken.has(hash),
    hasRepeat: (hash, repeat) => taken.get(hash)?.has(repeat) ?? false,
    owed() {
      for (const [hash, trial] of short) {
        const count = taken.get(hash)?.size ?? 0;
        if (count > 0 && count < repeats) return trial;
      }
      return undefined;
    },
  };
}

/** Runs of a configuration together, in the order of their first; without those whose parameters do not belong to the space. */
export function groupByHash(trials: readonly Trial[]): Trial[][] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    if (trial.x === undefined) continue;
    const known = groups.get(trial.hash);
    if (known) known.push(trial);
    else groups.set(trial.hash, [trial]);
  }
  return [...groups.values()];
}

const isLive = ({ state }: Trial): boolean => state !== "lost" && state !== "withdrawn";
/** Its run was given up, went on after all, and has come to its end. */
const isFoundAgain = ({ state, keepsPoint }: Trial, { type }: News): boolean =>
  state === "lost" && keepsPoint && (type === "observed" || type === "failed" || type === "pruned");
const hasPoint = (trial: Trial): boolean => isLive(trial) || trial.keepsPoint;

function known(trials: ReadonlyMap<number, Trial>, number: number): Trial {
  const trial = trials.get(number);
  if (trial === undefined) throw new RangeError(`there is no proposal ${number} among ${trials.size}`);
  return trial;
}

function firstFree(taken: ReadonlyMap<number, unknown> | undefined): number {
  let repeat = 0;
  while (taken?.has(repeat)) repeat++;
  return repeat;
}

const NOTHING = { trials: [], settled: [] };

const fromProposal = (proposal: Proposal, read: Read): Trial => ({
  number: proposal.number,
  params: proposal.params,
  hash: proposal.hash,
  repeat: proposal.repeat,
  x: read(proposal.params)?.x,
  reason: proposal.reason,
  predicted: proposal.predicted,
  memory: proposal.memory,
  state: "pending",
  keepsPoint: false,
  started: false,
  progress: null,
  reached: null,
  outcome: null,
});

function fromPrior(
  { number, params, objectives, metrics }: Prior,
  read: Read,
  taken: ReadonlyMap<string, ReadonlyMap<number, unknown>>,
): Trial {
  if (!(number < 0)) throw new RangeError(`a prior run is numbered below zero, not ${number}`);
  const values = read(params);
  const hash = values?.hash ?? `prior ${number}`;
  return {
    number,
    params,
    hash,
    repeat: firstFree(taken.get(hash)),
    x: values?.x,
    reason: "prior",
    predicted: null,
    memory: null,
    keepsPoint: false,
    started: true,
    progress: null,
    reached: null,
    ...judge("observed", { objectives, metrics }),
  };
}

type News = Exclude<SearchEvent, Proposed | Prior>;

function tell(trial: Trial, event: News): Trial {
  switch (event.type) {
    case "started":
      return { ...trial, started: true };
    case "intermediate":
      return {
        ...trial,
        started: true,
        progress: { count: event.count, value: event.value },
        // Logs of before tell the best value of the first metric alone, which then is all that is known of the last one, too.
        reached: event.reached ?? { best: [event.value], last: [event.value] },
      };
    case "observed":
      return { ...trial, ...judge("observed", event), reached: event.reached ?? trial.reached };
    case "pruned":
      return {
        ...trial,
        ...judge("pruned", event),
        progress: { count: event.count, value: event.objectives[0] ?? Number.NaN },
      };
    case "failed":
      return { ...trial, state: "failed", reached: event.reached ?? trial.reached };
    case "lost":
    case "withdrawn":
      return { ...trial, state: event.type, keepsPoint: event.keepsPoint ?? false };
  }
}

/** A result must be finite in each objective to be one. */
function judge(
  state: "observed" | "pruned",
  { objectives, metrics }: Outcome,
): Pick<Trial, "state" | "outcome"> {
  const outcome = metrics === undefined ? { objectives } : { objectives, metrics };
  const isResult = objectives.length > 0 && objectives.every(Number.isFinite);
  return { state: isResult ? state : "failed", outcome };
}
