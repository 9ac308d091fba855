import { deserializeConfig } from "@/core/sweep-config";
import { fromLogged } from "../search/logged-event";
import type { Problem, Search, SearchEvent } from "../search/method";
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
  readonly results: Map<number, number>;
  /** What a model's proposal took lately, had it been made without haste; 0 before the first. */
  usualMs: number;
  /** How much of the log it was told. */
  position: number;
}

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

function tell({ search, results }: Told, event: SearchEvent): void {
  search.observe(event);
  const [value] = event.type === "observed" || event.type === "prior" ? event.objectives : [];
  if (value !== undefined && Number.isFinite(value)) results.set(event.number, value);
}

function open({ config, seed }: TellRequest): Told {
  const problem: Problem = { config: deserializeConfig(config), seed };
  const { method, why } = pickMethod(problem);
  const search = method.open(problem);
  const { name, version } = method;
  return { problem, search, method: name, version, why, results: new Map(), usualMs: 0, position: 0 };
}

function keep(key: string, told: Told): void {
  searches.set(key, told);
  const oldest = searches.keys().next();
  if (searches.size > KEPT && !oldest.done) searches.delete(oldest.value);
}
