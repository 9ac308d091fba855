import { existsSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Spool } from "@/client/spool";

function withSpool(memoryBytes: number, body: (spool: Spool<string>, path: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "besom-test-"));
  const path = join(dir, "spool");
  const spool = new Spool<string>({ path, memoryBytes });
  try {
    body(spool, path);
  } finally {
    spool.close();
    rmSync(dir, { recursive: true });
  }
}

test("whatever is pushed comes back in order, through memory and file", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.string({ maxLength: 30 }), { nil: undefined })), (moves) => {
      withSpool(40, (spool) => {
        const model: string[] = [];
        for (const move of moves) {
          if (move === undefined) expect(spool.shift()).toBe(model.shift());
          else {
            spool.push(move, move.length + 1);
            model.push(move);
          }
          expect(spool.size).toBe(model.length);
        }
        while (model.length > 0) expect(spool.shift()).toBe(model.shift());
        expect(spool.shift()).toBeUndefined();
      });
    }),
  );
});

test("memory beyond its bound goes to a file that is emptied when it was read and removed at the end", () => {
  withSpool(1_000, (spool, path) => {
    for (let i = 0; i < 100; i++) spool.push("x".repeat(100), 100);
    expect(statSync(path).size).toBe(90 * 102);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    while (spool.size > 0) spool.shift();
    expect(statSync(path).size).toBe(0);
    spool.close();
    expect(existsSync(path)).toBe(false);
  });
});

test("a disk that refuses means memory, in order, not loss", () => {
  const spool = new Spool<number>({ path: "/proc/nowhere/spool", memoryBytes: 10 });
  for (let i = 0; i < 50; i++) spool.push(i, 5);
  expect(Array.from({ length: 50 }, () => spool.shift())).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test("what comes after a refused item does not overtake it, though there is room again", () => {
  const spool = new Spool<number>({ path: "/proc/nowhere/spool", memoryBytes: 10 });
  for (const item of [1, 2, 3]) spool.push(item, 5);
  expect(spool.shift()).toBe(1);
  spool.push(4, 5);
  expect([spool.shift(), spool.shift(), spool.shift()]).toEqual([2, 3, 4]);
});

test("it says when too much waits in memory, and when there is room again", () => {
  const spool = new Spool<number>({ path: "/proc/nowhere/spool", memoryBytes: 10 });
  for (let i = 0; i < 40; i++) spool.push(i, 1024 * 1024);
  expect(spool.isFull).toBe(true);
  spool.shift();
  expect(spool.isFull).toBe(false);
});

test("a file that was cut is told once, and what comes after it goes on", () => {
  withSpool(1, (spool, path) => {
    for (const item of ["one", "two", "three"]) spool.push(item, 5);
    truncateSync(path, 2);
    expect(() => spool.shift()).toThrow(/3 batches in .* can't be read back: .*cut by another program/);
    expect(spool.shift()).toBeUndefined();
    spool.push("four", 5);
    expect(spool.shift()).toBe("four");
  });
});
