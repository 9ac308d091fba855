import type { Activity } from "../prepare/activity";

const STEP = 4;
const HEIGHT = 20;

/** A bar a day, the last one today. */
export function ActivityStrip({ activity }: { activity: Activity }) {
  const width = activity.days.length * STEP;
  return (
    <svg
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={activity.summary}
      // Where it has less room, the newest days stay.
      preserveAspectRatio="xMaxYMid slice"
      className="min-w-0 shrink"
    >
      <title>{activity.summary}</title>
      <path d={`M0 ${HEIGHT - 0.5}H${width}`} stroke="var(--line-strong)" strokeWidth={1} />
      {activity.days.map(({ height, title }, i) =>
        height === 0 ? null : (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its day
            key={i}
            x={i * STEP}
            y={HEIGHT - Math.max(3, Math.round(height * HEIGHT))}
            width={STEP - 1}
            height={Math.max(3, Math.round(height * HEIGHT))}
            fill="var(--good-mark)"
          >
            <title>{title}</title>
          </rect>
        ),
      )}
    </svg>
  );
}
