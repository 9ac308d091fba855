/** A box over a picture, in fractions of it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Its class, for its colour. */
  readonly category: number;
  readonly label: string | undefined;
}

const MOST_BOXES = 500;

/**
 * The file that wandb's client writes of `boxes`: each has its corners or its middle and size, in fractions or (`domain: "pixel"`) in pixels.
 * @param size of the picture, in pixels
 */
export function readBoxes(json: unknown, { width, height }: { width: number; height: number }): Box[] {
  const { box_data: list, class_labels: labels } = toMap(json);
  if (!Array.isArray(list)) return [];
  return list.slice(0, MOST_BOXES).flatMap((one) => {
    const { position, domain, class_id: category, box_caption: caption } = toMap(one);
    const corners = toCorners(toMap(position));
    if (!corners) return [];
    const [x, y] = domain === "pixel" ? [width, height] : [1, 1];
    const [left, top, right, bottom] = corners;
    const named = toMap(labels)[String(category)];
    return [
      {
        ...{ left: left / x, top: top / y, width: (right - left) / x, height: (bottom - top) / y },
        category: typeof category === "number" && category >= 0 ? Math.trunc(category) : 0,
        label: typeof caption === "string" ? caption : typeof named === "string" ? named : undefined,
      },
    ];
  });
}

function toCorners(position: Record<string, unknown>): [number, number, number, number] | undefined {
  const { minX, minY, maxX, maxY, middle, width, height } = position;
  const corners = [minX, minY, maxX, maxY];
  if (corners.every(isNumber)) return corners as [number, number, number, number];
  const [x, y]: unknown[] = Array.isArray(middle) ? middle : [];
  if (!isNumber(x) || !isNumber(y) || !isNumber(width) || !isNumber(height)) return undefined;
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
const toMap = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
