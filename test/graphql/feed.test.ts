import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Context } from "@/graphql/context";
import { Events } from "@/graphql/live/events";
import { Feed, type Item, type Read, type Source } from "@/graphql/live/feed";

const REST_MS = 100;

interface Numbered extends Item {
  n: number;
}

/** A database in memory: items become visible when their transaction commits, in any order. */
class Log implements Source<Numbered> {
  readonly maxWeight: number;
  beginning?: string;
  restMs = () => REST_MS;
  reads = 0;
  #next = 1n;
  readonly #open = new Set<bigint>();
  readonly #items: Numbered[] = [];

  constructor(maxWeight = 1_000) {
    this.maxWeight = maxWeight;
  }
  begin(): bigint {
    const xid = this.#next++;
    this.#open.add(xid);
    return xid;
  }
  commit(xid: bigint, n: number): void {
    this.#open.delete(xid);
    this.#items.push({ xid, n });
  }
  /** As a standby that takes over: the transactions after the first ones never were. */
  loseAllBut(transactions: number): void {
    this.#next = BigInt(transactions) + 1n;
    this.#items.splice(transactions);
  }
  #snapshot(): string {
    const open = [...this.#open].sort((a, b) => (a < b ? -1 : 1));
    return `${open[0] ?? this.#next}:${this.#next}:${open.join(",")}`;
  }
  async now() {
    return this.#snapshot();
  }
  async read(since: string): Promise<Read<Numbered>> {
    this.reads++;
    const cursor = this.#snapshot();
    const [, xmax = "", list = ""] = since.split(":");
    const open = new Set(list.split(",").filter(Boolean).map(BigInt));
    const items = this.#items.filter(({ xid }) => xid >= BigInt(xmax) || open.has(xid));
    await new Promise((resolve) => setImmediate(resolve));
    return { cursor, items };
  }
  weigh = () => 1;
  probe = () => [];
  onError(error: unknown): void {
    throw error;
  }
}

describe("a feed", () => {
  test("brings each subscriber everything exactly once, however transactions overlap and subscribers come and go", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("begin", "commit", "wake", "read", "turn", "reconnect"), { maxLength: 120 }),
        fc.integer({ min: 1, max: 5 }),
        async (moves, maxWeight) => {
          const log = new Log(maxWeight);
          const feed = new Feed(log, () => {});
          const always = feed.subscribe();
          await always.next();
          let subscriber = feed.subscribe();
          const first = await subscriber.next();
          let cursor = first.value?.cursor ?? "";
          const got: number[] = [];
          const open: bigint[] = [];
          let made = 0;
          const read = async (patienceMs: number) => {
            const update = await Promise.race([
              subscriber.next(),
              new Promise<undefined>((r) => setTimeout(r, patienceMs, undefined)),
            ]);
            if (update?.value === undefined) return false;
            got.push(...update.value.items.map(({ n }) => n));
            cursor = update.value.cursor;
            return true;
          };
          const reconnect = async (patienceMs = 0) => {
            await subscriber.return();
            subscriber = feed.subscribe(cursor);
            await read(patienceMs);
          };
          for (const move of moves) {
            if (move === "begin") open.push(log.begin());
            else if (move === "commit") {
              const [xid] = open.splice(made % Math.max(open.length, 1), 1);
              if (xid !== undefined) log.commit(xid, made++);
            } else if (move === "wake") feed.wake();
            else if (move === "turn") await new Promise((resolve) => setImmediate(resolve));
            else await reconnect();
          }
          for (const xid of open) log.commit(xid, made++);
          // Where a turn takes longer than a timer of no time, impatience alone brings nothing.
          for (let i = 0; got.length < made && i < 3; i++) await reconnect(1_000);
          await reconnect();
          await reconnect();
          await subscriber.return();
          await always.return();
          expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: made }, (_, n) => n));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("reads once for all who look, at most ten times a second, and the first time at once", async () => {
    const log = new Log();
    const restMs = 1_000;
    log.restMs = () => restMs;
    const feed = new Feed(log, () => {});
    const subscribers = Array.from({ length: 20 }, () => feed.subscribe());
    await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    log.commit(log.begin(), 1);
    const startedAt = performance.now();
    for (let i = 0; i < 100; i++) feed.wake();
    const updates = await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    expect(performance.now() - startedAt).toBeLessThan(restMs / 2);
    expect(log.reads).toBe(1);
    const shared = new Set(updates.map(({ value }) => value?.shared));
    expect(shared.size).toBe(1);
    log.commit(log.begin(), 2);
    feed.wake();
    await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    expect(performance.now() - startedAt).toBeGreaterThan(restMs * 0.9);
    expect(log.reads).toBe(2);
    await Promise.all(subscribers.map((subscriber) => subscriber.return()));
    expect(feed.size).toBe(0);
  });

  test("keeps little for a subscriber who does not read, and loses nothing of it", async () => {
    const log = new Log(50);
    const feed = new Feed(log, () => {});
    const slow = feed.subscribe();
    const fast = feed.subscribe();
    await slow.next();
    await fast.next();
    const total = 500;
    let seen = 0;
    for (let i = 0; i < total; i += 20) {
      for (let k = 0; k < 20; k++) log.commit(log.begin(), i + k);
      feed.wake();
      const { value } = await fast.next();
      seen += value?.items.length ?? 0;
      if (i >= 160) break; // enough to overflow several times, without waiting for all updates
    }
    expect(slow.waiting).toBeLessThanOrEqual(50);
    const { value } = await slow.next();
    expect(value?.items.length).toBe(seen);
    await Promise.all([slow.return(), fast.return()]);
  });

  test("has no gap when it is woken while it looks for the first time, and the database answers late", async () => {
    const log = new Log();
    const feed = new Feed(log, () => {});
    const look = log.now.bind(log);
    const late: (() => void)[] = [];
    let slow = true;
    log.now = async () => {
      if (slow) await new Promise<void>((resolve) => late.push(resolve));
      return look();
    };
    const subscriber = feed.subscribe();
    const first = subscriber.next();
    feed.wake();
    await sleep(5);
    slow = false;
    late.shift()?.();
    await first;
    log.commit(log.begin(), 1);
    for (const answer of late) answer();
    await sleep(5);
    feed.wake();
    const { value } = (await Promise.race([subscriber.next(), sleep(1_000)])) ?? {};
    expect(value?.items).toMatchObject([{ n: 1 }]);
    await subscriber.return();
  });

  test("whose database has lost its last moments begins anew: what is written next is not taken for seen", async () => {
    for (const beginning of ["1:1:", undefined]) {
      const log = new Log();
      if (beginning !== undefined) log.beginning = beginning;
      const feed = new Feed(log, () => {});
      const open = feed.subscribe();
      await open.next();
      for (let n = 0; n < 5; n++) log.commit(log.begin(), n);
      feed.wake();
      const cursor = (await open.next()).value?.cursor;
      log.loseAllBut(2);
      const again = feed.subscribe(cursor);
      feed.wake();
      for (const subscriber of [open, again]) {
        const { value } = await subscriber.next();
        const whole = { items: [{ n: 0 }, { n: 1 }], truncated: false };
        expect(value).toMatchObject(beginning ? whole : { items: [], truncated: true });
      }
      log.commit(log.begin(), 7);
      feed.wake();
      for (const subscriber of [open, again])
        expect((await subscriber.next()).value?.items).toMatchObject([{ n: 7 }]);
      await Promise.all([open.return(), again.return()]);
    }
  });

  test("an update that goes in pieces is made into them once for all, and each piece but the last leads back to its beginning", async () => {
    const log = new Log();
    const feed = new Feed(log, () => {});
    const context = { access: { kind: "user" } } as unknown as Context;
    let made = 0;
    const open = () =>
      Events.open(context, {
        authorize: async () => {},
        open: () => feed.subscribe(),
        name: "numbers",
        toPayloads({ items, cursor, since }) {
          made++;
          return [...items.slice(1).map(({ n }) => ({ n, cursor: since })), { n: items[0]?.n, cursor }];
        },
      });
    const readers = await Promise.all(Array.from({ length: 5 }, open));
    const first = await Promise.all(readers.map((reader) => reader.next()));
    made = 0;
    for (let n = 0; n < 3; n++) log.commit(log.begin(), n);
    feed.wake();
    const pieces = [];
    for (let piece = 0; piece < 3; piece++) {
      const events = await Promise.all(readers.map((reader) => reader.next()));
      expect(new Set(events.map(({ value }) => value)).size).toBe(1);
      pieces.push(events[0]?.value?.payload);
    }
    expect(made).toBe(1);
    const before = first[0]?.value?.payload.cursor;
    expect(pieces).toMatchObject([{ n: 1, cursor: before }, { n: 2, cursor: before }, { n: 0 }]);
    expect(pieces[2]?.cursor).not.toBe(before);
    await Promise.all(readers.map((reader) => reader.return()));
  });

  test("an end wakes whoever waits", async () => {
    const feed = new Feed(new Log(), () => {});
    const subscriber = feed.subscribe();
    await subscriber.next();
    const waiting = subscriber.next();
    await subscriber.return();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });
});
