import fc from "fast-check";
import { expect, test } from "vitest";
import { foldReturns, LineSplitter } from "@/agent/output/lines";

function split(pieces: readonly string[], maxLength?: number): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), maxLength);
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return lines;
}

test("lines come out the same however the stream was cut", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r\n", " ") }),
      fc.array(fc.nat(20)),
      (text, cuts) => {
        const pieces: string[] = [];
        let rest = text;
        for (const cut of cuts) {
          pieces.push(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        const expected = text.split("\n").map((line) => line.replace(/\r$/, ""));
        if (expected.at(-1) === "") expected.pop();
        expect(split([...pieces, rest])).toEqual(expected);
      },
    ),
  );
});

test("a stream without newlines is cut, and nothing of it is lost", () => {
  const text = "0123456789".repeat(100);
  const pieces = split([...text], 64);
  expect(pieces.join("")).toBe(text);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(65);
  expect(split([`${text}\nend`], 64).join("")).toBe(`${text}end`);
});

test("of a redrawn line the last drawing is kept, however it was cut; the newline alone draws nothing", () => {
  expect(foldReturns(" 10%\r 50%\r100%")).toBe("100%");
  expect(foldReturns("100%\r\r")).toBe("100%");
  expect(foldReturns("plain")).toBe("plain");
  const text = "a\r 10%\r 50%\r\nplain\r\n\rlast";
  for (let size = 1; size < text.length; size++)
    expect(split(text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [])).toEqual([" 50%", "plain", "last"]);
});

test("a bar that never ends its line holds one state of it, however often it is drawn", () => {
  const splitter = new LineSplitter(() => expect.unreachable());
  for (let i = 0; i < 100_000; i++) splitter.push(`\r${"x".repeat(100)} ${i}`);
  expect(splitter.peek(1_000)).toBe(`${"x".repeat(100)} 99999`);
  expect(JSON.stringify(splitter).length).toBeLessThan(300);
});
