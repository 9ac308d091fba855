import { expect, test } from "vitest";
import { isAppError } from "@/core/errors";
import { IDLE_TRANSACTION_MS } from "@/core/time";
import { openDatabase, type Sql, type Tx } from "@/db/client";
import { inShortTransaction, inTransaction, retrying } from "@/db/transaction";
import { withDatabase } from "../support/database";

test("transactions that collide are run again until all have gone through", () =>
  withDatabase(async (db) => {
    await db.sql`create table ledger (id int primary key, amount int not null)`;
    await db.sql`insert into ledger values (1, 0), (2, 0)`;
    // Each locks the two rows in the opposite order of its neighbour: deadlocks without end.
    await db.sql`alter role current_user set deadlock_timeout = '20ms'`.catch(() => {});
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        inTransaction(db, async (tx) => {
          const order = i % 2 ? [1, 2] : [2, 1];
          for (const id of order) await tx`update ledger set amount = amount + 1 where id = ${id}`;
        }),
      ),
    );
    await db.sql`alter role current_user reset deadlock_timeout`.catch(() => {});
    expect([...(await db.sql`select amount from ledger order by id`)]).toEqual([
      { amount: 8 },
      { amount: 8 },
    ]);
  }));

test("a transaction whose connection is cut off in the middle is run again, all of it", () =>
  withDatabase(async (db, url) => {
    await db.sql`create table ledger (amount int)`;
    const killer = openDatabase(url, { max: 1 });
    let runs = 0;
    await inTransaction(db, async (tx) => {
      runs++;
      await tx`insert into ledger values (${runs})`;
      const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      if (runs === 1) await tx`select pg_terminate_backend(${row?.pid ?? 0})`;
    });
    await killer.close();
    expect(runs).toBe(2);
    expect([...(await db.sql`select amount from ledger`)]).toEqual([{ amount: 2 }]);
  }));

test("a transaction that sat idle too long is cut off, and what follows does not run outside of one", () =>
  withDatabase(async (db, url) => {
    await db.sql`create table ledger (amount int)`;
    const impatient = openDatabase(`${url}?idle_in_transaction_session_timeout=100`, { max: 1 });
    const outcome = await impatient.sql
      .begin(async (tx) => {
        await tx`insert into ledger values (1)`;
        // What a server stopped with SIGSTOP does: no event of the connection is seen until it goes on.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
        await tx`insert into ledger values (2)`;
      })
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(Error);
    await impatient.close();
    expect([...(await db.sql`select amount from ledger`)]).toEqual([]);
  }));

test("behind a transaction pooler, each transaction makes its settings itself and leaves none behind", () =>
  withDatabase(async (_, url) => {
    const pooled = openDatabase(url, { directUrl: `${url}?direct`, max: 1 });
    const read = (sql: Sql | Tx) => sql`
      select current_setting('idle_in_transaction_session_timeout') as idle,
        current_setting('enable_seqscan') as seqscan, current_setting('jit') as jit`;
    const [before] = await read(pooled.sql);
    const expected = { idle: `${IDLE_TRANSACTION_MS / 1000}s`, seqscan: "off", jit: "off" };
    expect(await inTransaction(pooled, async (tx) => (await read(tx))[0])).toEqual(expected);
    const short = inShortTransaction(pooled, async (tx) => ({ answer: (await read(tx))[0] }));
    expect(await short).toEqual(expected);
    expect((await read(pooled.sql))[0]).toEqual(before);
    await expect(inTransaction(pooled, (tx) => tx`select * from nonsense`)).rejects.toThrow(/nonsense/);
    await pooled.close();
  }));

test("a database out of reach is UNAVAILABLE within seconds, and a mistake is not retried", () =>
  withDatabase(async (db) => {
    const nowhere = openDatabase("postgres://nobody@127.0.0.1:1/none", { max: 1 });
    const error = await retrying(() => nowhere.sql`select 1`).catch((error: unknown) => error);
    expect(isAppError(error) && error.code).toBe("UNAVAILABLE");
    await nowhere.close();
    let tries = 0;
    const wrong = retrying(() => {
      tries++;
      return db.sql`select * from nonsense`;
    });
    await expect(wrong).rejects.toThrow(/nonsense/);
    expect(tries).toBe(1);
  }));
