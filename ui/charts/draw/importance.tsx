"use client";

import { toPercent } from "../axis";
import type { ImportanceChart, ImportanceRow, Shape } from "../prepare/importance";

/** A row a parameter, the most important one first: how much, how sure, which way, and what its curve looks like. */
export function ImportanceTable(props: {
  chart: ImportanceChart;
  measure: string;
  metric: string;
  /** The row whose curve is open. */
  chosen: string | undefined;
  onChoose: (name: string) => void;
  onPointing: (pointing: boolean) => void;
}) {
  const { chart, measure, metric, chosen, onChoose, onPointing } = props;
  return (
    <table
      className="w-full border-collapse text-left text-sm"
      onPointerEnter={() => onPointing(true)}
      onPointerLeave={() => onPointing(false)}
    >
      <caption className="sr-only">
        How much each parameter matters to {metric}, the most important one first
      </caption>
      <thead>
        <tr className="border-line border-b text-ink-faint text-xs">
          <th scope="col" className="py-2 pr-4 font-normal">
            Parameter
          </th>
          <th scope="col" className="py-2 pr-4 font-normal">
            {measure}
          </th>
          {chart.totals && (
            <th scope="col" className="py-2 pr-4 font-normal max-md:hidden">
              With all others
            </th>
          )}
          <th scope="col" className="py-2 pr-4 font-normal max-sm:hidden">
            Correlation
          </th>
          <th scope="col" className="py-2 font-normal max-sm:hidden">
            Shape
          </th>
        </tr>
      </thead>
      <tbody>
        {chart.rows.map((row) => (
          <tr key={row.name} className="border-line border-b align-middle">
            <th scope="row" className="max-w-44 py-1 pr-4 font-normal">
              <button
                type="button"
                onClick={() => onChoose(row.name)}
                aria-expanded={chosen === row.name}
                title={row.name}
                className="block min-h-8 max-w-full truncate text-left font-medium text-link hover:underline"
              >
                {row.name}
              </button>
            </th>
            <td className="w-1/2 py-1 pr-4">
              <Bar row={row} />
            </td>
            {chart.totals && <td className="figures py-1 pr-4 max-md:hidden">{row.totalText}</td>}
            <td className="py-1 pr-4 max-sm:hidden">
              <Signed row={row} />
            </td>
            <td className="w-24 py-1 max-sm:hidden">{row.shape && <ShapeMark shape={row.shape} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The bar with its interval as a whisker over it; paler what it does with others. */
function Bar({ row }: { row: ImportanceRow }) {
  const { value, low, high, total, text, interval } = row;
  return (
    <span className="flex items-center gap-3">
      <span className="relative h-3 min-w-16 grow rounded-sm bg-sunken" aria-hidden="true">
        {total !== undefined && total > value && (
          <span
            className="absolute inset-y-0.5 left-0 rounded-sm bg-best-mark opacity-35"
            style={{ width: toPercent(total) }}
          />
        )}
        <span
          className="absolute inset-y-0 left-0 rounded-sm bg-best-mark"
          style={{ width: toPercent(value) }}
        />
        {low !== undefined && high !== undefined && (
          <span
            className="absolute top-1/2 h-2 -translate-y-1/2 border-ink border-x"
            style={{ left: toPercent(low), width: toPercent(Math.max(0, high - low)) }}
          >
            <span className="absolute inset-x-0 top-1/2 border-ink border-t" />
          </span>
        )}
      </span>
      <span className="figures w-24 shrink-0 text-right">
        {text}
        {interval && <span className="block text-2xs text-ink-faint">{interval}</span>}
      </span>
    </span>
  );
}

/** To the left of the middle below zero, to the right above: the sign is a place and a character, not only a colour. */
function Signed({ row: { correlation, correlationText } }: { row: ImportanceRow }) {
  return (
    <span className="flex items-center gap-2">
      <span className="relative h-2 w-16 shrink-0 bg-sunken" aria-hidden="true">
        <span className="absolute inset-y-0 left-1/2 w-px bg-line-strong" />
        {correlation !== undefined && (
          <span
            className={`absolute inset-y-0 ${correlation < 0 ? "bg-bad-mark" : "bg-running-mark"}`}
            style={{
              left: toPercent(correlation < 0 ? 0.5 + correlation / 2 : 0.5),
              width: toPercent(Math.abs(correlation) / 2),
            }}
          />
        )}
      </span>
      <span className="figures max-w-36 truncate text-ink-soft text-xs" title={correlationText}>
        {correlationText}
      </span>
    </span>
  );
}

const WIDTH = 88;
const HEIGHT = 28;
const round = (value: number) => Math.round(value * 10) / 10;
const toX = (x: number) => round(3 + x * (WIDTH - 6));
const toY = (y: number) => round(HEIGHT - 3 - y * (HEIGHT - 6));

/** Beside numbers that say the same: for eyes alone. */
function ShapeMark({ shape: { line, band, categories } }: { shape: Shape }) {
  const path = line.map(([x, y], i) => `${i === 0 ? "M" : "L"}${toX(x)} ${toY(y)}`).join("");
  const edge = [
    ...band.map(([x, low]) => `${toX(x)} ${toY(low)}`),
    ...band.toReversed().map(([x, , high]) => `${toX(x)} ${toY(high)}`),
  ].join("L");
  return (
    <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {categories ? (
        line.map(([x, y]) => <circle key={x} cx={toX(x)} cy={toY(y)} r={2} fill="var(--best-mark)" />)
      ) : (
        <>
          <path d={`M${edge}Z`} fill="var(--best-mark)" fillOpacity={0.2} />
          <path d={path} fill="none" stroke="var(--best-mark)" strokeWidth={1.5} />
        </>
      )}
    </svg>
  );
}
