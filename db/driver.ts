import { createRequire } from "node:module";
import { basename } from "node:path";
import type postgresModule from "postgres";

/**
 * postgres.js 3.4.9, mended while it is loaded. As it is published, a connection that dies in mid-transaction (a restart of
 * PostgreSQL, idle_in_transaction_session_timeout, a terminated backend)
 * - ends the whole process: the driver's own ROLLBACK meets a null socket in a timer, where nobody can catch it
 *   (github.com/porsager/postgres issues 1066, 1133, 1154, 1208), and so does one that dies while it is being opened;
 * - or lets the dead transaction's next statements run inside another transaction, once the connection object has been
 *   given to it (issue 1216);
 * - or leaves the connection waiting for ever: bytes that were about to be written, and queries sent between the
 *   socket's "error" and its "close", are neither sent nor refused (comments on pull request 1215).
 * test/db/transaction.test.ts shows each. Everybody imports the driver from here, types excepted.
 */
const VERSION = "3.4.9";

interface Mend {
  readonly file: "connection.js" | "index.js";
  readonly from: string;
  readonly to: string;
}

const MENDS: readonly Mend[] = [
  {
    // Each connection object counts the sockets it has lost.
    file: "connection.js",
    from: "    end,\n    count: 0,\n    id\n  }",
    to: "    end,\n    count: 0,\n    epoch: 0,\n    id\n  }",
  },
  {
    // A query for a connection without a socket is refused. True: the pool must not count it as busy.
    file: "connection.js",
    from: "  function execute(q) {\n    if (terminated)",
    to: `  function execute(q) {
    if (socket === null)
      return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true

    if (terminated)`,
  },
  {
    // Nothing of the old session reaches the new one, and nobody who waited for an answer waits on.
    file: "connection.js",
    from: `    socket = null

    if (initial)
      return reconnect()

    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))`,
    to: `    socket = null
    connection.epoch++
    chunk = nextWriteTimer = errorResponse = results = final = null
    result = new Result()
    rows = 0

    if (initial) {
      query = null
      return reconnect()
    }

    const lost = Errors.connection('CONNECTION_CLOSED', options)
    errored(lost)
    while (sent.length)
      queryError(sent.shift(), lost)
    query = null`,
  },
  {
    // The query behind a new connection's first: its failure is that connection's, not an unhandled rejection.
    file: "connection.js",
    from: "        return fetchArrayTypes()\n",
    to: "        return fetchArrayTypes().catch(() => {})\n",
  },
  {
    // A reserved connection that was lost is the pool's again: it is neither used nor released any more.
    file: "index.js",
    from: `    const sql = Sql(handler)
    sql.release = () => {
      c.reserved = null`,
    to: `    const epoch = c.epoch
    const sql = Sql(handler)
    sql.release = () => {
      if (c.epoch !== epoch)
        return
      c.reserved = null`,
  },
  {
    file: "index.js",
    from: "    function handler(q) {\n      c.queue === full\n        ? queue.push(q)",
    to: `    function handler(q) {
      if (c.epoch !== epoch)
        return q.reject(Errors.connection('CONNECTION_CLOSED', options))
      c.queue === full
        ? queue.push(q)`,
  },
  {
    // A transaction ends with its connection, whoever has the connection object now.
    file: "index.js",
    from: `      return await Promise.race([
        scope(connection, fn),
        new Promise((_, reject) => connection.onclose = reject)
      ])`,
    to: `      epoch = connection.epoch
      return await Promise.race([
        scope(connection, fn),
        new Promise((_, reject) => connection.onclose = e => {
          reject(e)
          while (queries.length)
            queries.shift().reject(e)
        })
      ])`,
  },
  {
    file: "index.js",
    from: "    let savepoints = 0\n      , connection\n",
    to: "    let savepoints = 0\n      , epoch\n      , connection\n",
  },
  {
    file: "index.js",
    from: "        q.catch(e => uncaughtError || (uncaughtError = e))\n",
    to: `        q.catch(e => uncaughtError || (uncaughtError = e))
        if (c.epoch !== epoch)
          return q.reject(Errors.connection('CONNECTION_CLOSED', options))
`,
  },
  {
    // With `max_pipeline: 0` (a connection takes one statement at a time) a transaction would never learn its connection.
    file: "connection.js",
    from: "        && sent.length < max_pipeline\n        && (!q.options.onexecute || q.options.onexecute(connection))",
    to: "        && (!q.options.onexecute || q.options.onexecute(connection))\n        && sent.length < max_pipeline",
  },
  {
    // A cancelled statement's connection takes the next one when the cancel is over: PostgreSQL signals the backend twice
    // (itself and its process group), and the second signal would meet whatever runs by then. And rows are counted anew: of
    // a statement that failed among its rows the count went on, and the next one's answer began with as many holes.
    file: "connection.js",
    from: "    query = results = errorResponse = null\n    result = new Result()\n    connectTimer.cancel()\n",
    to: `    const cancelling = query && query.cancelling
        , epoch = connection.epoch
    query = results = errorResponse = null
    result = new Result()
    rows = 0
    connectTimer.cancel()
`,
  },
  {
    file: "connection.js",
    from: `    connection.reserved
      ? !connection.reserved.release && x[5] === 73 // I
        ? ending
          ? terminate()
          : (connection.reserved = null, onopen(connection))
        : connection.reserved()
      : ending
        ? terminate()
        : onopen(connection)
  }`,
    to: `    const idle = x[5] === 73 // I
        , next = () => connection.reserved
      ? !connection.reserved.release && idle
        ? ending
          ? terminate()
          : (connection.reserved = null, onopen(connection))
        : connection.reserved()
      : ending
        ? terminate()
        : onopen(connection)
    cancelling
      ? cancelling.then(() => connection.epoch === epoch && next())
      : next()
  }`,
  },
  {
    // Ours, no mistake of theirs: `tx.last()` sends the commit behind the last statements (db/transaction.ts says why).
    // It has to be the driver's business: with the commit, the connection is the pool's again.
    file: "index.js",
    from: "      sql.savepoint = savepoint\n",
    to: "      sql.savepoint = savepoint\n      sql.last = () => last = sql`commit`.execute()\n",
  },
  { file: "index.js", from: "        , result\n\n", to: "        , result\n        , last\n\n" },
  {
    file: "index.js",
    from: "      } catch (e) {\n        await (name\n",
    to: "      } catch (e) {\n        await (last\n          ? last.catch(() => {})\n          : name\n",
  },
  {
    file: "index.js",
    from: "      if (!name) {\n        prepare",
    to: "      if (!name && !last) {\n        prepare",
  },
];

export const postgres = load();
/** What a transaction has beside the published interface. */
export interface WithLast {
  /** Sends the commit; nothing may follow it. `ROLLBACK` when a statement before it failed. */
  last(): Promise<{ command: string }>;
}
/** What a query has beside the published interface. */
export interface Cancellable {
  /** Its connection takes no other statement before this is over. */
  cancelling?: Promise<unknown>;
}
export type PostgresError = InstanceType<typeof postgres.PostgresError>;

/** Loads a copy of its own (the CommonJS build) through Node's loader, with the mends in place. */
function load(): typeof postgresModule {
  const require = createRequire(import.meta.url);
  const { version } = require(require.resolve("postgres").replace(/cjs.src.index\.js$/, "package.json")) as {
    version: string;
  };
  if (version !== VERSION) {
    throw new Error(`db/driver.ts mends postgres.js ${VERSION}, found ${version}: look at each mend again`);
  }
  const { prototype } = require("node:module") as { prototype: { _compile: Compile } };
  const compile = prototype._compile;
  prototype._compile = function (this: unknown, source, filename) {
    return compile.call(this, mend(source, filename), filename);
  };
  try {
    return require("postgres") as typeof postgresModule;
  } finally {
    prototype._compile = compile;
  }
}

type Compile = (this: unknown, source: string, filename: string) => unknown;

function mend(source: string, filename: string): string {
  let mended = source;
  for (const { file, from, to } of MENDS) {
    if (file !== basename(filename)) continue;
    if (mended.split(from).length !== 2)
      throw new Error(`db/driver.ts: ${file} has no single ${JSON.stringify(from)}`);
    mended = mended.replace(from, () => to);
  }
  return mended;
}
