import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
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
