import { describe, expect, test } from "vitest";
import { toCsv, toFileName } from "@/ui/charts/export";
import { toLinearScale } from "@/ui/charts/scale";
import { dots, escapeXml, toSvg } from "@/ui/charts/svg";

describe("a chart's CSV", () => {
  test("keeps every digit of a number, and says NaN and infinities in words", () => {
    const values = [0.1 + 0.2, 1e-300, -5, 123456789012345680, Number.NaN, Number.NEGATIVE_INFINITY];
    const lines = toCsv(
      ["value"],
      values.map((value) => [value]),
    ).split("\r\n");
    expect(lines.slice(1, -1).map(Number)).toEqual(values);
    expect(lines.at(-1)).toBe("");
  });

  test("quotes by RFC 4180 and leaves out what is missing", () => {
    expect(
      toCsv(
        ["a,b", 'say "x"'],
        [
          ["one\ntwo", null],
          [" edge", undefined],
        ],
      ),
    ).toBe('"a,b","say ""x"""\r\n"one\ntwo",\r\n" edge",\r\n');
  });

  test("takes the teeth out of formulas and leaves numbers alone", () => {
    const cells = ["=HYPERLINK(1)", "+cmd", "@x", "-run", "\t=1", "-5", "+1.5e-3", "a=b"];
    const fields = toCsv([], [cells]).split("\r\n")[1]?.split(",");
    expect(fields).toEqual(["'=HYPERLINK(1)", "'+cmd", "'@x", "'-run", "'\t=1", "-5", "+1.5e-3", "a=b"]);
  });

  test("is named after its chart", () => {
    expect(toFileName("val/loss: best so far", "csv")).toBe("val-loss-best-so-far.csv");
    expect(toFileName("///", "png")).toBe("chart.png");
  });
});

describe("a chart's SVG", () => {
  const svg = toSvg({
    title: 'loss < 1 & "low"',
    x: { label: "step", scale: toLinearScale([0, 10], 5) },
    y: { label: "loss", scale: toLinearScale([0, 1], 5) },
    legend: [{ label: "run-1", color: "var(--ink)", mark: "dot" }],
    notes: ["3 runs are not shown."],
    draw: (plot) => dots([[plot.x(0.5), plot.y(0.5)]], 5, { stroke: "var(--ink)" }),
  });

  test("has its title, axis labels, ticks, legend and notes inside, escaped", () => {
    for (const words of [
      "loss &lt; 1 &amp; &quot;low&quot;",
      ">step<",
      ">loss<",
      ">0.2<",
      ">run-1<",
      "3 runs are",
    ])
      expect(svg).toContain(words);
    expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
    expect(svg).not.toMatch(/class=|style=|<script|NaN|undefined/);
  });

  test("is XML whatever a run is called", () => {
    expect(escapeXml("a\u0000b\u001b[31m<c>")).toBe("ab[31m&lt;c&gt;");
  });
});
