import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Screen, type Stream } from "@/ui/terminal/screen";

const show = (...texts: (string | [Stream, string])[]): string[] => {
  const screen = new Screen(1_000);
  for (const text of texts)
    screen.write(typeof text === "string" ? { stream: "stdout", text } : { stream: text[0], text: text[1] });
  return screen.view().lines.map(({ spans }) => spans.map((span) => span.text).join(""));
};

describe("a screen", () => {
  test.each([
    ["lines", ["a\nb\n"], ["a", "b"]],
    ["empty lines", ["a\n\n\nb\n"], ["a", "", "", "b"]],
    ["a line without an end", ["a\nb"], ["a", "b"]],
    ["a line that comes in pieces", ["ep", "och", " 1\nepoch 2"], ["epoch 1", "epoch 2"]],
    ["line ends of Windows", ["a\r\nb\r\n"], ["a", "b"]],
    ["a progress bar as one line", ["10%\r20%\r", "30%\r100%\ndone\n"], ["100%", "done"]],
    ["a return at the end as what is there", ["50%\r"], ["50%"]],
    [
      "no escape sequences but colours",
      ["\u001b[2K\u001b[1Aa\u001b]0;title\u0007b\u001b[?25l\u001b(B"],
      ["ab"],
    ],
    ["no bells", ["a\u0007b\u0000c\td"], ["abc\td"]],
  ])("shows %s", (_, texts, lines) => {
    expect(show(...texts)).toEqual(lines);
  });

  test("keeps the two streams apart, each with its own open line", () => {
    expect(
      show(
        ["stderr", "10%"],
        ["stdout", "epoch 1\n"],
        ["stderr", "\r20%"],
        ["stdout", "epoch 2\n"],
        ["stderr", "\r30%\n"],
      ),
    ).toEqual(["30%", "epoch 1", "epoch 2"]);
  });

  test("turns colours into styles, across pieces", () => {
    const screen = new Screen(10);
    for (const text of ["\u001b[1;3", "1mbad\u001b[0m fine \u001b[92mgreen\u001b[38;5;200mstill\u001b[39m\n"])
      screen.write({ stream: "stdout", text });
    expect(screen.view().lines[0]?.spans).toEqual([
      { text: "bad", style: { bold: true, color: "red" } },
      { text: " fine ", style: {} },
      { text: "greenstill", style: { color: "green" } },
    ]);
  });

  test("keeps the last lines only, and says how many are gone", () => {
    const screen = new Screen(100);
    for (let i = 0; i < 1_000; i++) screen.write({ stream: "stdout", text: `${i}\n` });
    const { lines, dropped } = screen.view();
    expect(lines.length).toBeLessThanOrEqual(125);
    expect(dropped + lines.length).toBe(1_000);
    expect(lines.at(-1)).toMatchObject({ number: 999, spans: [{ text: "999" }] });
  });

  test("cuts a line that never ends", () => {
    const screen = new Screen(100);
    for (let i = 0; i < 100; i++) screen.write({ stream: "stdout", text: "x".repeat(1_000) });
    const [line] = screen.view().lines;
    expect(line?.spans.reduce((sum, span) => sum + span.text.length, 0)).toBeLessThanOrEqual(5_000);
  });

  test("shows the same whatever pieces the text comes in", () => {
    const word = fc.constantFrom(
      "a",
      "bc",
      "\n",
      "\r",
      "\r\n",
      "\u001b[31m",
      "\u001b[0m",
      "\u001b]0;t\u0007",
      "\t",
    );
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 30 }),
        fc.array(fc.nat(60), { maxLength: 6 }),
        (words, cuts) => {
          const text = words.join("");
          // A return right before a line's end may not be cut off from it: a terminal, too, sees the two apart.
          const places = [...new Set(cuts)]
            .filter((at) => at < text.length && text[at - 1] !== "\r")
            .sort((a, b) => a - b);
          const pieces = [0, ...places].map((from, i) => text.slice(from, places[i] ?? text.length));
          expect(show(...pieces)).toEqual(show(text));
        },
      ),
    );
  });
});
