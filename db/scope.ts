import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Database, Sql, Tx } from "./client";
import type { Cancellable } from "./driver";

/** What one operation reads, so that it can be stopped: the caller has gone, or its time is over. */
export interface Scope {
  /** Reads on the readers' pool; writes are refused by the database. */
  readonly db: Database;
  /** Cancels the statements that run and refuses further ones, all with `reason`. */
  end(reason: Error): void;
}

/** What a query of postgres.js is, as far as it matters here (version pinned in db/driver.ts). */
interface Statement extends Promise<unknown>, Cancellable {
  strings: readonly string[];
  args: readonly unknown[];
  /** Sends it; called once, when somebody waits for the answer. A fragment of another statement is never sent. */
  handler(statement: Statement): void;
  resolve(rows: unknown): void;
  reject(error: unknown): void;
  /** Set once a connection has it. */
  readonly state: object | null;
  /** It is the statement that its connection is working on. */
  readonly active: boolean;
  /** Opens a connection that asks PostgreSQL to cancel what the statement's connection is working on. */
  canceller(statement: Statement): Promise<void>;
}

/** A cancel that arrives before its statement does nothing, so it is sent again after this time, doubled up to a second. */
const AGAIN_MS = 50;
/** Over TLS the driver does not learn that the cancel's connection was closed. */
const CANCEL_MS = 1_000;

export function openScope(base: Database): Scope {
  const running = new Set<Statement>();
  const signal = new AbortController();
  // As many as one operation may have fields.
  setMaxListeners(0, signal.signal);
  let ended: Error | undefined;

  const note = <T>(made: T): T => {
    if (made instanceof Promise) watch(made as unknown as Statement);
    return made;
  };
  const watch = (statement: Statement): void => {
    const { handler, resolve, reject } = statement;
    statement.handler = (self) => {
      if (ended !== undefined) return self.reject(ended);
      running.add(self);
      handler(self);
    };
    statement.resolve = (rows) => {
      running.delete(statement);
      resolve(rows);
    };
    statement.reject = (error) => {
      running.delete(statement);
      reject(ended ?? error);
    };
  };

  /** The same client, with an eye on each statement that it makes. */
  const wrap = <S extends Sql | Tx>(sql: S): S =>
    new Proxy(sql, {
      apply: (target, self, args) => note(Reflect.apply(target as never, self, args)),
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name === "unsafe") return (...args: unknown[]) => note((value as Call)(...args));
        if (name === "begin" || name === "savepoint") {
          return (...args: unknown[]) =>
            (value as Call)(
              ...args.map((arg) => (typeof arg === "function" ? (tx: Tx) => (arg as Call)(wrap(tx)) : arg)),
            );
        }
        return value;
      },
    });

  const cancel = async (): Promise<void> => {
    for (let waitMs = AGAIN_MS; running.size > 0; waitMs = Math.min(2 * waitMs, 1_000)) {
      const asked = [...running].map((statement) =>
        statement.active ? askToCancel(statement) : forget(statement),
      );
      await Promise.all(asked);
      await pause(waitMs, undefined, { ref: false });
    }
  };
  const askToCancel = (statement: Statement): Promise<unknown> => {
    // It may end meanwhile, and its connection may be lost: both is what we want.
    const asked = statement.canceller(statement).catch(() => {});
    statement.cancelling = Promise.race([asked, pause(CANCEL_MS, undefined, { ref: false })]);
    return statement.cancelling;
  };
  /**
   * It waits for a connection, or for one that is being opened. The driver's own way of cancelling loses the latter:
   * so nobody waits for it any more, and when its turn comes it does nothing.
   */
  const forget = (statement: Statement): void => {
    if (statement.state !== null) return;
    statement.strings = ["select 1 where false"];
    statement.args = [];
    statement.reject(ended);
  };

  return {
    db: { ...base, sql: wrap(base.readers), root: base.root ?? base, ended: signal.signal },
    end(reason) {
      if (ended !== undefined) return;
      ended = reason;
      signal.abort(reason);
      void cancel();
    },
  };
}

type Call = (...args: unknown[]) => unknown;
