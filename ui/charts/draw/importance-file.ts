import type { ParameterImportance } from "@/core/importance";
import { toCsv } from "../export";
import type { ImportanceChart } from "../prepare/importance";
import { line, tag, text, toSvgPage } from "../svg";

const ROW_PX = 30;

/** The bars as a picture of their own. */
export const toImportanceSvg = (chart: ImportanceChart, title: string): string =>
  toSvgPage(
    {
      title,
      width: 960,
      height: 110 + chart.rows.length * ROW_PX + chart.notes.length * 16,
      notes: chart.notes,
    },
    (box) => {
      const [left, width] = [box.left + 220, box.width - 420];
      return chart.rows
        .map((row, i) => {
          const y = box.top + i * ROW_PX;
          const x = (share: number) => left + share * width;
          return [
            text(row.name, { x: box.left, y: y + 14, fill: "var(--ink)" }),
            tag("rect", {
              x: left,
              y: y + 3,
              width: row.value * width,
              height: 14,
              fill: "var(--best-mark)",
            }),
            row.low === undefined || row.high === undefined
              ? ""
              : line(x(row.low), y + 10, x(row.high), y + 10, { stroke: "var(--ink)" }),
            text(`${row.text}  ${row.interval}`, {
              x: left + width + 12,
              y: y + 14,
              fill: "var(--ink-soft)",
            }),
          ].join("\n");
        })
        .join("\n");
    },
  );

/** A row a parameter, every digit. */
export const toImportanceCsv = (parameters: readonly ParameterImportance[]): string =>
  toCsv(
    [
      "parameter",
      "importance",
      "low",
      "high",
      "total",
      "total low",
      "total high",
      "impurity",
      "permutation",
      "correlation",
      "correlation of",
      "rank correlation",
      "direction",
    ],
    parameters.map((one) => [
      ...[one.name, one.importance, one.low, one.high, one.total, one.totalLow, one.totalHigh],
      ...[one.impurity, one.permutation],
      ...[one.correlation, one.correlationOf, one.rankCorrelation, one.direction],
    ]),
  );
