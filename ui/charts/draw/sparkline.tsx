import type { Sparkline } from "../prepare/sparkline";

const WIDTH = 96;
const HEIGHT = 24;
/** Room for the line's width and the dot at its end. */
const EDGE = 4;

const toX = (x: number) => EDGE + x * (WIDTH - 2 * EDGE);
const toY = (y: number) => HEIGHT - EDGE - y * (HEIGHT - 2 * EDGE);
const round = (value: number) => Math.round(value * 10) / 10;

/** No axes, no numbers: whether it still gets better. */
export function SparklineChart({ line }: { line: Sparkline }) {
  const path = line.points
    .map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(toX(x))} ${round(toY(y))}`)
    .join("");
  const [x, y] = line.points.at(-1) ?? [1, 1];
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={line.summary}
    >
      <title>{line.summary}</title>
      <path d={path} fill="none" stroke="var(--best-mark)" strokeWidth={1.5} strokeLinejoin="round" />
      <circle cx={round(toX(x))} cy={round(toY(y))} r={2.5} fill="var(--best-mark)" />
    </svg>
  );
}
