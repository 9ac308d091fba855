import type { Coloring } from "../prepare/coloring";
import type { LegendEntry } from "../svg";
import { toCssColor, toCssRamp } from "./paint-dots";
import { Sign } from "./sign";

/** What the colours of a plot mean; nothing where they mean nothing. */
export function ColorLegend({ coloring }: { coloring: Coloring }) {
  const { label, legend, looks } = coloring;
  if (legend.kind === "none") return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-soft text-xs">
      <span className="wrap-anywhere text-ink-faint">{label}</span>
      {legend.kind === "ramp" ? (
        <RampBar low={legend.low} high={legend.high} log={legend.log} />
      ) : (
        legend.entries.map((entry) => {
          const look = looks[entry.look];
          return (
            look && (
              <Sign key={entry.look} look={look}>
                <span className="max-w-48 truncate" title={entry.label}>
                  {entry.label}
                </span>
              </Sign>
            )
          );
        })
      )}
    </div>
  );
}

/** From the least to the greatest. */
export function RampBar({ low, high, log }: { low: string; high: string; log: boolean }) {
  const stops = [0, 0.25, 0.5, 0.75, 1].map(toCssRamp);
  return (
    <span className="figures inline-flex items-center gap-1.5">
      {low}
      <span
        className="h-2 w-24 rounded-full"
        style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }}
      />
      {high}
      {log && <span className="text-ink-faint">(log)</span>}
    </span>
  );
}

/** The same in a picture. */
export function toLegendEntries({ label, legend, looks }: Coloring): LegendEntry[] {
  if (legend.kind === "none") return [];
  if (legend.kind === "category")
    return legend.entries.map(({ look, label: name }) => {
      const own = looks[look] ?? { kind: "none", value: 0, symbol: 0 };
      return { label: name, color: toCssColor(own), mark: "dot", symbol: own.symbol };
    });
  return [
    { label: `${label} ${legend.low}`, color: toCssRamp(0), mark: "box" },
    { label: legend.high, color: toCssRamp(1), mark: "box" },
  ];
}
