import { keepsTo, type OpenSoftConstraint, openSoftConstraints } from "@/core/constraint";
import { deserializeConfig } from "@/core/sweep-config";
import type { ValueMap } from "@/core/value";
import type { Result } from "../search/gain";
import { fromLogged } from "../search/logged-event";
import type { Problem, Proposal, Search, SearchEvent } from "../search/method";
import { pickMethod } from "../search/methods";
import type { TellRequest } from "./protocol";

/** A search that a thread has at hand. */
export interface Told {
  readonly problem: Problem;
  readonly search: Search;
  readonly method: string;
  readonly version: string;
  readonly why: string;
  /** Results of the first metric by the number of their run. */
  readonly results: Map<number, Result>;
  /** On metrics. */
  readonly constraints: readonly OpenSoftConstraint[];
  /** Of each proposal, where constraints on metrics ask for them: a bound may depend on them. */
  readonly params: Map<number, ValueMap>;
  /** What a model's proposal took lately, had it been made without haste. */
  usualMs: number;
  /** How much of the log it was told. */
  position: number;
}

/** Before the first: what one of ten parameters takes with few results and 64 runs under way. */
const USUAL_MS = 50;
/** A search of 1,000 runs holds a factor of 8 MB. */
const KEPT = 32;
const searches = new Map<string, Told>();

/**
 * Tells a search what is new and has `work` done with it; undefined when this thread does not know the log before that. What
 * fails leaves nothing behind: the search is then told its whole log again.
 */
export function withSearch<T>(request: TellRequest, work: (told: Told) => T): T | undefined {
  const { key, from, events } = request;
  const told = from === 0 ? open(request) : searches.get(key);
  if (told === undefined || told.position !== from) return undefined;
  searches.delete(key);
  for (const event of events) tell(told, fromLogged(event));
  told.position = from + events.length;
  const answer = work(told);
  keep(key, told);
  return answer;
}

function tell(told: Told, event: SearchEvent): void {
  const { search, results, constraints } = told;
  search.observe(event);
  if (event.type === "proposed") notePoint(told, event);
  if (event.type !== "observed" && event.type !== "prior") return;
  const { number, metrics } = event;
  const [value] = event.objectives;
  if (value === undefined || !Number.isFinite(value)) return;
  const params = event.type === "prior" ? event.params : (told.params.get(number) ?? {});
  results.set(number, { value, isAllowed: keepsTo(constraints, { params, metrics }) });
}

/** Of a proposal that this thread made, too: it is not told of it. */
export function notePoint({ constraints, params }: Told, proposal: Proposal): void {
  if (constraints.length > 0) params.set(proposal.number, proposal.params);
}

function open({ config, seed, events }: TellRequest): Told {
  const problem: Problem = { config: deserializeConfig(config), seed };
  // Runs that a sweep was created with come first in its log; what is told of others later changes no method.
  const { method, why } = pickMethod(problem, events[0]?.kind === "prior");
  const search = method.open(problem);
  const { name, version } = method;
  const constraints = openSoftConstraints(problem.config);
  const known = { results: new Map<number, Result>(), constraints, params: new Map<number, ValueMap>() };
  return { problem, search, method: name, version, why, ...known, usualMs: USUAL_MS, position: 0 };
}

function keep(key: string, told: Told): void {
  searches.set(key, told);
  const oldest = searches.keys().next();
  if (searches.size > KEPT && !oldest.done) searches.delete(oldest.value);
}
