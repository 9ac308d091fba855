import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ChangeKind, fromPayload, NOTIFY_MS, openNotifier, type Signal, toPayloads } from "@/db/notify";
import { layCable } from "../support/cable";
import { withDatabase } from "../support/database";

const kinds: ChangeKind[] = ["sweep", "run", "metrics", "output", "agent", "access"];
const scope = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{8}$/),
  fc.nat().map((id) => `#${id}`),
  fc.nat().map((id) => `@${id}`),
  fc.nat().map((id) => `~${id}`),
);

describe("signals between servers", () => {
  test("payloads read back what was written, and each fits into one NOTIFY", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(scope, fc.subarray(kinds, { minLength: 1 })), { minLength: 1, maxLength: 1_500 }),
        (entries) => {
          const pending = new Map(entries.map(([name, list]) => [name, new Set(list)]));
          const payloads = toPayloads("me", pending);
          expect(payloads.every((payload) => Buffer.byteLength(payload) < 8_000)).toBe(true);
          const read = payloads.map((payload) => fromPayload("other", payload));
          if (read.includes("everything")) return expect(read).toEqual(["everything"]);
          const merged = new Map(read.flatMap((signal) => [...(signal as Map<string, Set<ChangeKind>>)]));
          expect(merged).toEqual(pending);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a server does not hear itself", () => {
    expect(fromPayload("me", "me|abcdefgh=s")).toBeUndefined();
  });

  test("a flood becomes one word", () => {
    const pending = new Map(Array.from({ length: 5_000 }, (_, i) => [`#${i}`, new Set(["run" as const])]));
    expect(toPayloads("me", pending)).toEqual(["me|*"]);
  });

  test("what waits for a database that is away is bounded: it becomes one word, heard when it is back", async () => {
    await withDatabase(async (_db, url) => {
      const heard: Signal[] = [];
      const arrived = new Arrivals();
      const listener = openNotifier({
        directUrl: url,
        onSignal: (signal) => {
          heard.push(signal);
          arrived.tell();
        },
      });
      await until(() => listener.listening);
      const sender = openNotifier({ directUrl: url, onSignal: () => {} });
      try {
        // Nothing is sent before the first connection is there.
        for (let i = 0; i < 100_000; i++) sender.send(`#${i}`, ["run"]);
        expect(sender.waiting).toBeLessThan(10_000);
        await arrived.next();
        expect(heard.at(-1)).toBe("everything");
      } finally {
        await Promise.all([listener.close(), sender.close()]);
      }
    });
  });

  test("a connection that takes nothing any more is given up, and nothing piles up on it", async () => {
    await withDatabase(async (_db, url) => {
      const cable = await layCable(url);
      const behind = new URL(url);
      behind.port = new URL(cable.url).port;
      behind.hostname = "127.0.0.1";
      const heard: Signal[] = [];
      const listener = openNotifier({ directUrl: url, onSignal: (signal) => heard.push(signal) });
      const sender = openNotifier({ directUrl: behind.href, onSignal: () => {} });
      try {
        await until(() => listener.listening && sender.listening);
        cable.pull();
        sender.send("#1", ["run"]); // goes into the connection, and no further
        await sleep(3 * NOTIFY_MS);
        for (let id = 2; id <= 20; id++) {
          sender.send(`#${id}`, ["run"]);
          await sleep(NOTIFY_MS);
        }
        expect(sender.waiting).toBe(19);
        await until(() => !sender.listening);
        cable.plug();
        await until(() => heard.length > 0);
        expect(heard).toEqual(["everything"]);
      } finally {
        await Promise.all([listener.close(), sender.close()]);
        await cable.close();
      }
    });
  }, 60_000);

  test("another server hears it, many changes of one moment in one message", async () => {
    await withDatabase(async (db, url) => {
      const heard: Signal[] = [];
      const arrived = new Arrivals();
      const listener = openNotifier({
        directUrl: url,
        onSignal: (signal) => {
          heard.push(signal);
          arrived.tell();
        },
      });
      const sender = openNotifier({ directUrl: url, onSignal: () => {} });
      try {
        await until(() => listener.listening && sender.listening);
        for (let i = 0; i < 1_000; i++) sender.send("abcdefgh", ["run"]);
        sender.send("abcdefgh", ["metrics"]);
        await arrived.next();
        expect(heard).toEqual([new Map([["abcdefgh", new Set(["run", "metrics"])]])]);

        // A database restart cuts both; they come back by themselves and the listener is told to look everywhere.
        await db.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'besom notify' and datname = current_database()`;
        await arrived.next();
        expect(heard.at(-1)).toBe("everything");
        await until(() => {
          sender.send("#7", ["output"]); // the first ones may go into the connection that was just cut
          return heard.some((signal) => signal !== "everything" && signal.has("#7"));
        });
      } finally {
        await Promise.all([listener.close(), sender.close()]);
      }
    });
  });
});

class Arrivals {
  #waiting: (() => void)[] = [];
  #count = 0;
  tell() {
    this.#count++;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  async next() {
    if (this.#count === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#count = 0;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
