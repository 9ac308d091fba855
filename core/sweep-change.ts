import { compareParameters } from "./parameter-growth";
import type { SweepState } from "./sweep";
import {
  DEFAULT_QUARANTINE_AFTER,
  hasScheduler,
  isOutside,
  objectivesOf,
  type SweepConfig,
} from "./sweep-config";
import { Float } from "./value";

/**
 * What another file would change of a sweep that has runs: which of it may be changed under them, and what it means for them. Whoever
 * looks at the sweep afterwards must be able to compare all of its runs; so what they were measured by, and what made their
 * command lines, stays. All of it is pure: the page shows what the verb does.
 */
export interface SweepChange {
  /** The key in the file, dotted. */
  readonly path: string;
  /** Null where the file says nothing of it. */
  readonly before: string | null;
  readonly after: string | null;
  /** What it means for the runs there are, and for those to come; null where it is refused. */
  readonly effect: string | null;
  /** Why it can't be changed under runs; null where it can. */
  readonly refusal: string | null;
}

/** How the sweep stands. */
export interface Standing {
  readonly state: SweepState;
  /** Handed out so far. */
  readonly runCount: number;
  /** How its method comes to points: by number to an end, by number without one, or by what it learned. */
  readonly points: "numbered" | "drawn" | "searched";
  /** Its runs come by the queue alone. */
  readonly outside: boolean;
}

export function listChanges(before: SweepConfig, after: SweepConfig, standing: Standing): SweepChange[] {
  const changes = RULES.flatMap(({ path, read, judge }) => {
    const [was, is] = [read(before), read(after)];
    if (was === is) return [];
    const { effect = null, refusal = null } = judge(before, after, standing);
    return [{ path, before: was, after: is, effect, refusal }];
  });
  return [...changes, ...listSpaceChanges(before, after, standing), ...listAims(before, after)].map(
    (change) => ({ ...change, before: shorten(change.before), after: shorten(change.after) }),
  );
}

/** Shown, sent, and kept in the audit log: a list may hold 100,000 values, and what is beyond nobody reads. */
const MOST_SHOWN = 2_000;

const shorten = (words: string | null): string | null =>
  words === null || words.length <= MOST_SHOWN
    ? words
    : `${words.slice(0, MOST_SHOWN).replace(/[\ud800-\udbff]$/, "")}…`;

/** The way out of every refusal. */
export const START_ANOTHER =
  "start a new sweep from this one's file instead (its runs can be what the new one begins with)";

interface Judgement {
  readonly effect?: string;
  readonly refusal?: string;
}

interface Rule {
  readonly path: string;
  /** What is compared and shown. */
  readonly read: (config: SweepConfig) => string | null;
  readonly judge: (before: SweepConfig, after: SweepConfig, standing: Standing) => Judgement;
}

const text = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === "string" ? value : toWords(value);

/** As it would stand in a file, on one line; keys sorted, since the database forgets their order, and the type ahead of them. */
function toWords(value: unknown): string {
  if (value instanceof Map) return toWords(Object.fromEntries(value));
  if (value instanceof Float) return String(value.value);
  if (Array.isArray(value)) return `[${value.map(toWords).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => Number(b === "type") - Number(a === "type") || (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${toSnake(key)}: ${toWords(item)}`).join(", ")}}`;
}
const toSnake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const fine =
  (effect: string): Rule["judge"] =>
  () => ({ effect });
const never =
  (refusal: string): Rule["judge"] =>
  () => ({ refusal });

const COMPARED = "the runs so far were made without it, and could not be compared with those to come";
const MEASURED = "the runs so far are measured by it";
const ORDERED = "the order of the points so far follows from it";

const RULES: readonly Rule[] = [
  { path: "method", read: ({ method }) => method, judge: never("the points so far were chosen by it") },
  {
    path: "name",
    read: ({ name }) => text(name),
    judge: fine("The sweep is called so; runs keep their names."),
  },
  { path: "description", read: ({ description }) => text(description), judge: fine("Runs are not touched.") },
  { path: "run_cap", read: ({ runCap }) => text(runCap), judge: judgeRunCap },
  {
    path: "budget.hours",
    read: ({ budget }) => text(budget?.hours),
    judge: fine("Counted from the sweep's start, as before: when they are over, nothing new is handed out."),
  },
  {
    path: "budget.until.no_improvement",
    read: ({ budget }) => text(budget?.until?.noImprovement),
    judge: fine("Asked of the runs so far as well: the sweep may end at once."),
  },
  {
    path: "budget.until.expected_improvement",
    read: ({ budget }) => text(budget?.until?.expectedImprovement),
    judge: fine("Asked of the search's next proposals."),
  },
  {
    path: "retries",
    read: ({ retries }) => text(retries),
    judge: fine("Holds for runs that are lost from now on."),
  },
  {
    path: "retry_failed",
    read: ({ retryFailed }) => text(retryFailed),
    judge: fine("Holds for runs that fail from now on."),
  },
  {
    path: "quarantine_after",
    read: ({ quarantineAfter = DEFAULT_QUARANTINE_AFTER }) => text(quarantineAfter),
    judge: fine(
      "Holds for runs that fail from now on; machines in quarantine stay there until they are reset.",
    ),
  },
  {
    path: "early_terminate",
    read: ({ earlyTerminate }) => text(earlyTerminate),
    judge: (_before, { earlyTerminate }) => ({
      effect: earlyTerminate
        ? "Runs under way and to come are judged by it at what they log from now on; what was stopped stays stopped."
        : "No run is stopped early any more; what was stopped stays stopped.",
    }),
  },
  { path: "program", read: ({ program }) => text(program), judge: never(COMPARED) },
  { path: "command", read: ({ command }) => text(command), judge: never(COMPARED) },
  {
    path: "project",
    read: ({ project }) => text(project),
    judge: (_before, { project }) =>
      project === undefined
        ? { effect: "The sweep stays where it is." }
        : { refusal: "a sweep stays in the project it was made in" },
  },
  {
    path: "entity",
    read: ({ entity }) => text(entity),
    judge: (_before, { entity }) =>
      entity === undefined
        ? { effect: "The sweep stays where it is." }
        : { refusal: "a sweep stays with the entity it was made for" },
  },
  { path: "seed", read: ({ seed }) => text(seed), judge: never(ORDERED) },
  { path: "grid_order", read: ({ gridOrder }) => gridOrder, judge: never(ORDERED) },
  { path: "repeats", read: ({ repeats }) => text(repeats), judge: never(ORDERED) },
  {
    path: "run_name",
    read: ({ runName }) => text(runName),
    judge: never("runs keep the names they were given by it"),
  },
  {
    path: "constraints",
    read: ({ constraints = [], softConstraints = [] }) =>
      constraints.length + softConstraints.length === 0
        ? null
        : [...constraints, ...softConstraints].map(({ source }) => source).join("; "),
    judge: never("the runs so far keep to the ones there are, and need not keep to others"),
  },
  {
    path: "log_pattern",
    read: ({ logPattern }) => text(logPattern),
    judge: never("the metrics of the runs so far were read by it"),
  },
  {
    path: "controller, scheduler",
    read: ({ controller, scheduler }) => text([controller ?? null, scheduler ?? null]),
    judge: (_before, after, { outside }) => ({ effect: whoChooses(after, outside) }),
  },
  {
    path: "other keys",
    read: ({ extra }) => (extra.size === 0 ? null : toWords(extra)),
    judge: fine("Has no effect here."),
  },
];

function whoChooses(after: SweepConfig, outside: boolean): string {
  if (isOutside(after))
    return "Agents get what is put into the queue alone; nothing is chosen here any more.";
  if (!hasScheduler(after)) return "The sweep's own method chooses its runs.";
  return outside
    ? "The scheduler goes on choosing the runs; agents wait for those that it sends."
    : "The sweep's own method chooses its runs, until a scheduler sends the first.";
}

function judgeRunCap(
  _before: SweepConfig,
  { runCap }: SweepConfig,
  { runCount, state }: Standing,
): Judgement {
  if (runCap === undefined)
    return { effect: withResume("No number of runs ends the sweep any more.", state) };
  if (runCap < runCount)
    return {
      refusal: `${runCount} runs are handed out already: use ${runCount} to hand out nothing more, or a greater number`,
    };
  if (runCap === runCount)
    return { effect: "Nothing new is handed out: the sweep ends with the runs under way." };
  const more = runCap - runCount;
  return {
    effect: withResume(`Up to ${more} more ${more === 1 ? "run is" : "runs are"} handed out.`, state),
  };
}

const withResume = (effect: string, state: SweepState): string =>
  state === "finished" ? `${effect} The sweep has finished: resume it to go on.` : effect;

const GROWTH = {
  numbered: "Points that have a run are not run again; all others of the larger space are handed out.",
  drawn: "Runs from now on are drawn from the larger space; those so far stay as they are.",
  searched: "The search is told all results again and proposes in the larger space from now on.",
} as const;

const listSpaceChanges = (
  before: SweepConfig,
  after: SweepConfig,
  { points, state }: Standing,
): SweepChange[] =>
  compareParameters(before.parameters, after.parameters).map(({ path, refusal, ...texts }) => ({
    path: ["parameters", ...path].join("."),
    ...texts,
    effect: refusal === undefined ? withResume(GROWTH[points], state) : null,
    refusal: refusal ?? null,
  }));

/** Metrics stay what they are; how far one wants to get may change. */
function listAims(before: SweepConfig, after: SweepConfig): SweepChange[] {
  const [were, are] = [objectivesOf(before), objectivesOf(after)];
  const measures = (metrics: typeof were) =>
    metrics.map(({ name, goal, impute, imputeWhileRunning }) => ({ name, goal, impute, imputeWhileRunning }));
  const [was, is] = [toWords(measures(were)), toWords(measures(are))];
  if (was !== is)
    return [
      { path: "metric", before: sayMetrics(were), after: sayMetrics(are), effect: null, refusal: MEASURED },
    ];
  return are.flatMap(({ name, target }, i) => {
    const former = were[i]?.target;
    if (former === target) return [];
    const effect =
      target === undefined
        ? "No value of it ends the sweep any more."
        : "Asked of the runs so far as well: where one has reached it, the sweep ends.";
    return [{ path: `target of ${name}`, before: text(former), after: text(target), effect, refusal: null }];
  });
}

const sayMetrics = (metrics: ReturnType<typeof objectivesOf>): string | null =>
  metrics.length === 0
    ? null
    : metrics
        .map(({ name, goal, impute, imputeWhileRunning }) =>
          [
            `${goal} ${name}`,
            impute !== "worst" && `impute ${impute}`,
            imputeWhileRunning !== "false" && `while running ${imputeWhileRunning}`,
          ]
            .filter(Boolean)
            .join(", "),
        )
        .join("; ");
