import { isAppError } from "@/core/errors";
import type { Database } from "@/db/client";
import type { Scope } from "@/db/scope";
import { forgetAccess } from "@/engine/authorize";
import type { Logger } from "@/engine/context";
import { findOutdated, type Held, hashOf } from "@/engine/credentials";
import type { Whose } from "@/engine/events";
import { type Caller, identify } from "../authenticate";
import type { Credentials } from "../http/credentials";
import { callerGone } from "../timeout";

/** What no signal told of (a key's time is over, above all) is found within this time. */
const POLL_MS = 1_000;

/** A socket that has signed in. */
export class Connection implements Held {
  readonly hash: string;
  /** What its queries read, by their message: an id may be used again. */
  readonly reading = new Map<object, Scope>();
  readonly subscriptions = new Set<{ recheck(): Promise<void> }>();

  constructor(
    readonly credentials: Credentials,
    public caller: Caller,
    /** Ends it: the caller is nobody any more. */
    readonly signOut: () => void,
  ) {
    this.hash = hashOf(credentials.kind === "key" ? credentials.key : credentials.token);
  }

  get access() {
    return this.caller.access;
  }

  /** May these users' rights be its own? Whose a run's key is, is not known here. */
  concerns(whose: Whose): boolean {
    return whose === "everybody" || this.access.kind !== "user" || whose.includes(this.access.userId);
  }
}

/**
 * All sockets that have signed in. Each holds what its caller may do, and is told when that changes: at once when a
 * signal says so, here or at another server, else at the next look at all of them.
 */
export class Connections {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #all = new Set<Connection>();
  readonly #poll: NodeJS.Timeout;
  readonly #stopListening: () => void;
  #looking = false;

  constructor(
    { db, log }: { db: Database; log: Logger },
    onAccess: (listener: (whose: Whose) => void) => () => void,
  ) {
    this.#db = db;
    this.#log = log;
    this.#stopListening = onAccess((whose) => void this.#recheck(this.#concerned(whose)));
    this.#poll = setInterval(() => void this.#look(), POLL_MS);
    this.#poll.unref();
  }

  add(connection: Connection): void {
    this.#all.add(connection);
  }

  remove(connection: Connection): void {
    this.#all.delete(connection);
    for (const scope of connection.reading.values()) scope.end(callerGone());
  }

  close(): void {
    this.#stopListening();
    clearInterval(this.#poll);
  }

  #concerned(whose: Whose): Connection[] {
    return [...this.#all].filter((connection) => connection.concerns(whose));
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const outdated = await findOutdated(this.#db, [...this.#all]);
      if (outdated.length === 0) return;
      forgetAccess(this.#db);
      await this.#recheck(outdated);
    } catch (error) {
      this.#log.warn({ err: error }, "open sockets could not be checked; tried again in a second");
    } finally {
      this.#looking = false;
    }
  }

  /** Who has ended is signed out; the others go on with what they may do now, which may be less than they look at. */
  async #recheck(connections: readonly Connection[]): Promise<void> {
    const callers = new Map<string, Promise<Caller>>();
    const toCaller = ({ hash, credentials }: Connection): Promise<Caller> => {
      const asked = callers.get(hash) ?? identify(this.#db, credentials);
      callers.set(hash, asked);
      return asked;
    };
    await Promise.all(
      connections.map(async (connection) => {
        try {
          connection.caller = await toCaller(connection);
          await Promise.all([...connection.subscriptions].map((subscription) => subscription.recheck()));
        } catch (error) {
          if (isAppError(error) && error.code === "UNAUTHENTICATED") connection.signOut();
          else this.#log.warn({ err: error }, "an open socket could not be checked");
        }
      }),
    );
  }
}
