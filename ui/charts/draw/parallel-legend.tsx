import { formatCount } from "@/ui/format";
import { toPercent } from "../axis";
import { toRampCss } from "../palette";
import type { LegendItem, LineColor, Parallel } from "../prepare/parallel";

/** Which colour means what. */
export function ParallelLegendView({ chart }: { chart: Parallel }) {
  const { legend, best } = chart;
  return (
    <div className="flex flex-wrap items-start gap-x-6 gap-y-2">
      <div className="flex min-w-0 items-start gap-x-2">
        <span className="wrap-anywhere shrink-0 font-medium text-ink-soft">{legend.label}</span>
        {legend.kind === "ramp" ? (
          <span className="block w-56 max-w-full px-3" data-legend="ramp">
            <span className="mt-0.75 block h-2.5 rounded-sm" style={{ background: RAMP }} />
            <span className="relative block h-4">
              {legend.ticks
                .filter(
                  (tick, i, { length }) => tick.labelled && (length < 5 || i % Math.ceil(length / 4) === 0),
                )
                .map((tick) => (
                  <span
                    key={tick.at}
                    className="figures -translate-x-1/2 absolute top-0.5 text-2xs"
                    style={{ left: toPercent(tick.at) }}
                  >
                    {tick.label}
                  </span>
                ))}
            </span>
          </span>
        ) : (
          <span className="flex flex-wrap gap-x-4">
            {legend.items.slice(0, MOST_ITEMS).map((item) => (
              <Item key={item.label} item={item} />
            ))}
            {legend.items.length > MOST_ITEMS && (
              <span>and {formatCount(legend.items.length - MOST_ITEMS)} more</span>
            )}
          </span>
        )}
      </div>
      {legend.kind === "ramp" && legend.states.length > 0 && (
        <span className="flex flex-wrap gap-x-4">
          {legend.states.map((item) => (
            <Item key={item.label} item={item} />
          ))}
        </span>
      )}
      {legend.kind === "ramp" && legend.without.length > 0 && (
        <span className="flex flex-wrap gap-x-4">
          <span>without {legend.label}:</span>
          {legend.without.map((item) => (
            <Item key={item.label} item={item} />
          ))}
        </span>
      )}
      {best >= 0 && (
        <span className="inline-flex items-center gap-1.5">
          <span className="h-0.75 w-4 rounded bg-best-mark" /> best run
        </span>
      )}
    </div>
  );
}

/** Colours repeat long before. */
const MOST_ITEMS = 14;

const RAMP = `linear-gradient(to right, ${Array.from({ length: 16 }, (_, i) => toRampCss(i / 15)).join(", ")})`;

const Item = ({ item }: { item: LegendItem }) => (
  <span className="inline-flex items-center gap-1.5">
    <Sample color={item.color} /> {item.label} <span className="figures">{formatCount(item.count)}</span>
  </span>
);

const Sample = ({ color }: { color: LineColor }) => (
  <svg width="24" height="6" aria-hidden="true">
    <line
      x1="0"
      x2="24"
      y1="3"
      y2="3"
      stroke={color.css}
      strokeWidth={color.faint ? 1.5 : 2.25}
      strokeOpacity={color.faint ? 0.5 : 1}
      {...(color.dash !== "none" && { strokeDasharray: color.dash })}
    />
  </svg>
);
