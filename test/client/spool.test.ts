import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Spool, type SpoolOptions } from "@/client/spool";

type Item = string[];
const joinItems = (first: Item, next: Item): boolean => {
  if (first.length + next.length > 4) return false;
  first.push(...next);
  return true;
};

function withSpool(
  options: Partial<SpoolOptions>,
  body: (spool: Spool<Item>, dir: string, again: () => Spool<Item>) => void,
): void {
  const dir = mkdtempSync(join(tmpdir(), "besom-test-"));
  const all = { dir, name: "x", memoryBytes: 40, ...options };
  const spool = new Spool<Item>(all);
  try {
    body(spool, dir, () => new Spool<Item>({ ...all, resume: true }));
  } finally {
    spool.close();
    rmSync(dir, { recursive: true });
  }
}

const sizeOf = (dir: string) =>
  readdirSync(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test("whatever is pushed comes back in order, through memory and files, however often its process dies and is replaced", () => {
  const move = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom("take" as const, "settle" as const, "die" as const),
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      withSpool({ segmentBytes: 200 }, (first, _dir, again) => {
        let spool = first;
        let batch = 1;
        const waiting: string[] = [];
        let taken: { items: string[]; batch: number } | undefined;
        for (const one of moves) {
          if (one === "settle") {
            if (taken) spool.settle(++batch);
            taken = undefined;
          } else if (one === "die") {
            spool.close({ keep: true });
            spool = again();
            if (taken) {
              const group = spool.shift(joinItems);
              expect([group?.item, group?.batch]).toEqual([taken.items, taken.batch]);
            } else expect(spool.batch).toBeLessThanOrEqual(batch);
          } else if (one === "take") {
            if (taken) continue;
            const group = spool.shift(joinItems);
            // One that was settled in the last moment may come again, under the number that it had.
            const isRepeated = group?.batch !== undefined;
            if (isRepeated) {
              expect(group.batch).toBe(batch - 1);
              spool.settle(batch);
              continue;
            }
            expect(group?.item ?? []).toEqual(waiting.splice(0, group?.item.length ?? 0));
            if (!group) continue;
            spool.try(group, batch);
            taken = { items: [...group.item], batch };
          } else {
            spool.push([one], one.length + 1);
            waiting.push(one);
          }
        }
        spool.close();
      });
    }),
    { numRuns: 300 },
  );
});

test("what is settled goes from the disk, segment by segment, and files are the user's alone", () => {
  withSpool({ segmentBytes: 2_000 }, (spool, dir) => {
    for (const _ of upTo(100)) spool.push(["x".repeat(100)], 100);
    expect(readdirSync(dir).length).toBeGreaterThan(4);
    expect(statSync(join(dir, "x.1.jsonl")).mode & 0o777).toBe(0o600);
    const before = sizeOf(dir);
    for (const i of upTo(50)) {
      spool.shift();
      spool.settle(i + 2);
    }
    expect(sizeOf(dir)).toBeLessThan(before * 0.75);
    while (spool.shift()) spool.settle(1);
    expect(sizeOf(dir)).toBeLessThan(3_000);
    spool.close();
    expect(readdirSync(dir)).toEqual([]);
  });
});

test("a spool that is in use all the time stays small", () => {
  withSpool({}, (spool, dir) => {
    for (const i of upTo(5_000)) {
      spool.push(["x".repeat(1_000)], 1_000);
      const group = spool.shift();
      if (!group) throw new Error("nothing");
      spool.try(group, i + 1);
      spool.settle(i + 2);
    }
    expect(sizeOf(dir)).toBeLessThan(300_000);
  });
});

test("a disk that refuses means memory, in order, not loss", () => {
  const spool = new Spool<Item>({ dir: "/proc/nowhere", name: "x", memoryBytes: 10 });
  for (const i of upTo(50)) spool.push([String(i)], 5);
  expect(upTo(50).map(() => spool.shift()?.item[0])).toEqual(upTo(50).map(String));
});

test("it says when too much waits in memory, and when there is room again", () => {
  const spool = new Spool<Item>({ dir: "/proc/nowhere", name: "x", memoryBytes: 10 });
  for (const i of upTo(33)) spool.push([String(i)], 1024 * 1024);
  expect(spool.isFull).toBe(true);
  for (const _ of upTo(2)) spool.shift();
  spool.settle(2);
  expect(spool.isFull).toBe(false);
});

test("a file that was cut is told once, and what comes after it goes on", () => {
  withSpool({ memoryBytes: 1 }, (spool, dir) => {
    for (const item of ["one", "two", "three"]) spool.push([item], 5);
    truncateSync(join(dir, "x.1.jsonl"), 2);
    expect(() => spool.shift()).toThrow(/3 batches in .* can't be read back: .*cut by another program/);
    expect(spool.shift()).toBeUndefined();
    spool.push(["four"], 5);
    expect(spool.shift()?.item).toEqual(["four"]);
  });
});

test("a line that death cut short is no line, and what comes after it is one", () => {
  withSpool({}, (spool, dir, again) => {
    for (const item of ["one", "two"]) spool.push([item], 5);
    spool.close({ keep: true });
    appendFileSync(join(dir, "x.1.jsonl"), '{"i":2,"d":["thr');
    const next = again();
    next.push(["four"], 5);
    expect([next.shift()?.item, next.shift()?.item, next.shift()?.item]).toEqual([
      ["one"],
      ["two"],
      ["four"],
    ]);
    expect(next.shift()).toBeUndefined();
    next.close();
  });
});
