import { randomBytes } from "node:crypto";
import type postgresTypes from "postgres";
import { postgres } from "./driver";

/**
 * Change signals between the servers of one database. A signal says only where to look ("something changed in
 * this sweep"); the truth is read by cursor (queries/changes.ts), so a lost signal costs the second until the poll.
 *
 * Never inside a write transaction: NOTIFY makes commits queue behind one global lock (measured on 2 cores:
 * inserts 10,113/s without, 3,074/s with one each, 11,622/s with one NOTIFY each 20 ms beside them).
 */
export type ChangeKind = "sweep" | "run" | "metrics" | "output" | "agent" | "access";

/** A sweep by its id, a run as `#id`, a project as `@id`, a user as `~id`. */
export type Scope = string;
export const runScope = (runId: number): Scope => `#${runId}`;
export const projectScope = (projectId: number): Scope => `@${projectId}`;
export const userScope = (userId: number): Scope => `~${userId}`;
export const isSweepScope = (scope: Scope): boolean => /^[a-z0-9]/.test(scope);
/** Undefined when the scope is something else. */
export const toUserId = (scope: Scope): number | undefined =>
  scope.startsWith("~") ? Number(scope.slice(1)) : undefined;

/** Which scopes changed, and in what respect; `everything` when the list was too long or was missed. */
export type Signal = ReadonlyMap<Scope, ReadonlySet<ChangeKind>> | "everything";

export interface Notifier {
  /** Tells the other servers, with at most one NOTIFY each NOTIFY_MS. */
  send(scope: Scope, kinds: Iterable<ChangeKind>): void;
  /** Whether signals of other servers arrive at the moment. */
  readonly listening: boolean;
  /** Scopes that the others have not been told of yet. */
  readonly waiting: number;
  close(): Promise<void>;
}

export interface NotifierOptions {
  /** A direct connection: LISTEN does not pass a transaction pooler. */
  directUrl: string;
  /** A signal of another server, or `everything` after a time without a connection. */
  onSignal: (signal: Signal) => void;
  onTrouble?: (error: unknown) => void;
}

const CHANNEL = "besom_changes";
export const NOTIFY_MS = 20;
/** PostgreSQL takes payloads below 8,000 bytes. */
const PAYLOAD_BYTES = 7_900;
/** More than this many payloads in one tick is a flood: the others had better look everywhere. */
const PAYLOADS_A_TICK = 4;
/** The shortest entry is `#1=r,`: more scopes than this never fit, so while the database is away no more are kept. */
const MAX_PENDING = (PAYLOADS_A_TICK * PAYLOAD_BYTES) / 5;
/** A connection on which a NOTIFY takes longer is given up: nothing may come through for a quarter of an hour without its end. */
const ANSWER_MS = 5_000;
const RECONNECT_MS = { first: 100, most: 2_000 };

export function openNotifier({ directUrl, onSignal, onTrouble = () => {} }: NotifierOptions): Notifier {
  const origin = randomBytes(6).toString("hex");
  const pending = new Map<Scope, Set<ChangeKind>>();
  /** Too much to be named: the others are told to look everywhere. */
  let flooded = false;
  let connection: postgresTypes.Sql | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastSentAt = 0;
  let sending = false;
  let closed = false;
  let wake = () => {};

  const flush = () => {
    timer = undefined;
    // Kept until the connection is back, or has taken what was sent before.
    if (connection === undefined || (sending && !closed) || (pending.size === 0 && !flooded)) return;
    sending = true;
    const late = setTimeout(wake, ANSWER_MS);
    lastSentAt = performance.now();
    const payloads = flooded ? [everywhere(origin)] : toPayloads(origin, pending);
    pending.clear();
    flooded = false;
    const sql = connection;
    // One statement, hence one commit, for all payloads of the tick.
    sql`select pg_notify(${CHANNEL}, payload) from string_to_table(${payloads.join("\n")}, ${"\n"}) payload`
      .catch((error: unknown) => {
        flooded = true; // what was in them is told as "everything" when the connection is back
        onTrouble(error);
      })
      .finally(() => {
        clearTimeout(late);
        sending = false;
        if (pending.size > 0 && !closed) soon();
      });
  };
  const soon = () => {
    timer ??= setTimeout(flush, Math.max(0, lastSentAt + NOTIFY_MS - performance.now()));
  };

  const listen = async () => {
    let pause = RECONNECT_MS.first;
    let first = true;
    while (!closed) {
      let lose = () => {};
      const lost = new Promise<void>((resolve) => {
        lose = resolve;
      });
      const sql = openConnection(directUrl, lose, (payload) => {
        const signal = fromPayload(origin, payload);
        if (signal !== undefined) onSignal(signal);
      });
      try {
        await sql.unsafe(`listen ${CHANNEL}`);
        connection = sql;
        pause = RECONNECT_MS.first;
        if (!first) onSignal("everything");
        first = false;
        wake = lose;
        flush();
        if (!closed) await lost;
      } catch (error) {
        if (!closed) onTrouble(error);
      }
      connection = undefined;
      await sql.end({ timeout: closed ? 1 : 0 }).catch(() => {});
      if (closed) return;
      await new Promise<void>((resolve) => {
        const retry = setTimeout(resolve, pause);
        wake = () => {
          clearTimeout(retry);
          resolve();
        };
      });
      pause = Math.min(pause * 2, RECONNECT_MS.most);
    }
  };
  const listening = listen();

  return {
    send(scope, kinds) {
      if (closed) return;
      if (!flooded) {
        const known = pending.get(scope);
        if (known === undefined) pending.set(scope, new Set(kinds));
        else for (const kind of kinds) known.add(kind);
        if (pending.size > MAX_PENDING) {
          flooded = true;
          pending.clear();
        }
      }
      soon();
    },
    get listening() {
      return connection !== undefined;
    },
    get waiting() {
      return pending.size;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      flush();
      wake();
      await listening;
    },
  };
}

/** The driver's own `sql.listen` gives up when the database is away at the first try to come back, so we listen ourselves. */
function openConnection(
  url: string,
  onclose: () => void,
  onPayload: (payload: string) => void,
): postgresTypes.Sql {
  const options: postgresTypes.Options<Record<string, never>> & {
    onnotify: (channel: string, payload: string) => void;
  } = {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    fetch_types: false,
    prepare: false,
    connection: { application_name: "besom notify" },
    onnotice: () => {},
    onclose,
    onnotify: (channel, payload) => {
      if (channel === CHANNEL) onPayload(payload);
    },
  };
  return postgres(url, options);
}

const LETTERS: Readonly<Record<ChangeKind, string>> = {
  sweep: "s",
  run: "r",
  metrics: "m",
  output: "o",
  agent: "a",
  access: "x",
};
const KINDS = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as ChangeKind]));

/** `origin|abcdefgh=srm,#12=m`, as many as fit; exported for its test. */
export function toPayloads(origin: string, pending: ReadonlyMap<Scope, ReadonlySet<ChangeKind>>): string[] {
  const payloads: string[] = [];
  let payload = `${origin}|`;
  let empty = true;
  for (const [scope, kinds] of pending) {
    const entry = `${scope}=${[...kinds].map((kind) => LETTERS[kind]).join("")}`;
    if (!empty && payload.length + 1 + entry.length > PAYLOAD_BYTES) {
      payloads.push(payload);
      if (payloads.length === PAYLOADS_A_TICK) return [everywhere(origin)];
      payload = `${origin}|`;
      empty = true;
    }
    payload += empty ? entry : `,${entry}`;
    empty = false;
  }
  if (!empty) payloads.push(payload);
  return payloads;
}

const everywhere = (origin: string): string => `${origin}|*`;

/** Undefined for our own, which were delivered in-process. A payload of a newer version we can't read means everything. */
export function fromPayload(origin: string, payload: string): Signal | undefined {
  const bar = payload.indexOf("|");
  if (payload.slice(0, bar) === origin) return undefined;
  const body = payload.slice(bar + 1);
  if (body === "*") return "everything";
  const signal = new Map<Scope, Set<ChangeKind>>();
  for (const entry of body.split(",")) {
    const [scope, letters] = entry.split("=");
    if (!scope || !letters) return "everything";
    const kinds = new Set<ChangeKind>();
    for (const letter of letters) {
      const kind = KINDS.get(letter);
      if (kind !== undefined) kinds.add(kind);
    }
    signal.set(scope, kinds);
  }
  return signal;
}
