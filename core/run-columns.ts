import type { RunState } from "./run";

/**
 * Many runs of one sweep, a list a column: a third of the characters of as many objects, and a tenth of the time to make, send and read.
 * Words that repeat stand once in a dictionary; times are milliseconds.
 */
export interface RunColumns {
  readonly count: number;
  readonly id: readonly number[];
  /** What else is known of each run; absent where only values were asked for. */
  readonly lines?: LineColumns;
  /** For each metric that was asked for, in that order: null where a run has no finite value of it. */
  readonly values: readonly (readonly (number | null)[])[];
  /** Where the next page begins; null behind the last. */
  readonly next: string | null;
}

export interface LineColumns {
  readonly name: readonly string[];
  readonly displayName: readonly string[];
  readonly ordinal: readonly number[];
  readonly state: Words<RunState>;
  readonly stateReason: Words<string | null>;
  readonly objective: readonly (number | null)[];
  readonly feasible: readonly (boolean | null)[];
  /** JSON texts, in which 1.0 is not 1. */
  readonly params: readonly string[];
  /** Since 1970. */
  readonly createdAt: readonly number[];
  /** Since the creation. */
  readonly startedAt: readonly (number | null)[];
  readonly finishedAt: readonly (number | null)[];
  readonly tags: Words<readonly string[]>;
  readonly notes: Words<string | null>;
  readonly agent: Words<{ readonly id: string; readonly host: string } | null>;
}

/** Each different value once, and which of them each run has. */
export interface Words<T> {
  readonly words: readonly T[];
  readonly at: readonly number[];
}

/** A run as the lists of a page have it. */
export interface RunInColumns {
  id: string;
  name: string;
  displayName: string;
  ordinal: number | null;
  state: RunState;
  stateReason: string | null;
  /** The sweep's metric by its goal: the best value that the run logged. */
  objective: number | null;
  /** Whether it kept to its sweep's constraints on metrics; null while nobody knows, and without any. */
  feasible: boolean | null;
  /** JSON text: read it with `parseJson`, which tells 1.0 from 1. */
  params: string;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  tags: string[];
  notes: string | null;
  agent: { id: string; host: string } | null;
}

/** What a row of the database has to bring. */
export interface RunToPack {
  readonly id: number;
  readonly name: string;
  readonly displayName: string;
  readonly ordinal: number;
  readonly state: RunState;
  readonly stateReason: string | null;
  readonly objective: number | null;
  readonly feasible: boolean | null;
  readonly params: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** JSON text; null for none. */
  readonly tags: string | null;
  readonly notes: string | null;
  readonly agentId: number | null;
  readonly host: string | null;
}

export function packLines(rows: readonly RunToPack[]): LineColumns {
  const since = (row: RunToPack, time: number | null) => (time === null ? null : time - row.createdAt);
  return {
    name: rows.map((row) => row.name),
    displayName: rows.map((row) => row.displayName),
    ordinal: rows.map((row) => row.ordinal),
    state: toWords(
      rows,
      ({ state }) => state,
      (state) => state as RunState,
    ),
    stateReason: toWords(
      rows,
      ({ stateReason }) => stateReason,
      (reason) => reason,
    ),
    objective: rows.map((row) => row.objective),
    feasible: rows.map((row) => row.feasible),
    params: rows.map((row) => row.params),
    createdAt: rows.map((row) => row.createdAt),
    startedAt: rows.map((row) => since(row, row.startedAt)),
    finishedAt: rows.map((row) => since(row, row.finishedAt)),
    tags: toWords(
      rows,
      ({ tags }) => tags,
      (tags) => (tags === null ? [] : (JSON.parse(tags) as string[])),
    ),
    notes: toWords(
      rows,
      ({ notes }) => notes,
      (notes) => notes,
    ),
    agent: toWords(
      rows,
      ({ agentId, host }) => (agentId === null || host === null ? null : `${agentId} ${host}`),
      (agent) =>
        agent === null
          ? null
          : { id: agent.slice(0, agent.indexOf(" ")), host: agent.slice(agent.indexOf(" ") + 1) },
    ),
  };
}

function toWords<Row, T>(
  rows: readonly Row[],
  toKey: (row: Row) => string | null,
  toWord: (key: string | null) => T,
): Words<T> {
  const places = new Map<string | null, number>();
  const words: T[] = [];
  const at = rows.map((row) => {
    const key = toKey(row);
    let place = places.get(key);
    if (place === undefined) {
      place = words.push(toWord(key)) - 1;
      places.set(key, place);
    }
    return place;
  });
  return { words, at };
}

/** The run at one place. */
export function unpackLine({ id, lines }: RunColumns, i: number): RunInColumns {
  if (lines === undefined) throw new RangeError("these columns hold values only");
  const createdAt = at(lines.createdAt, i);
  return {
    id: String(at(id, i)),
    name: at(lines.name, i),
    displayName: at(lines.displayName, i),
    ordinal: at(lines.ordinal, i),
    state: word(lines.state, i),
    stateReason: word(lines.stateReason, i),
    objective: at(lines.objective, i),
    feasible: at(lines.feasible, i),
    params: at(lines.params, i),
    createdAt: new Date(createdAt).toISOString(),
    startedAt: toIso(createdAt, at(lines.startedAt, i)),
    finishedAt: toIso(createdAt, at(lines.finishedAt, i)),
    tags: [...word(lines.tags, i)],
    notes: word(lines.notes, i),
    agent: word(lines.agent, i),
  };
}

const at = <T>(column: readonly T[], i: number): T => {
  if (i >= column.length) throw new RangeError(`a column of ${column.length} runs has none at ${i}`);
  return column[i] as T;
};
const word = <T>({ words, at: places }: Words<T>, i: number): T => at(words, at(places, i));
const toIso = (from: number, since: number | null): string | null =>
  since === null ? null : new Date(from + since).toISOString();
