/** The second channel of categories beside their colour, as outlines around (0, 0) of about the same area. */
export const SYMBOLS: readonly {
  readonly name: string;
  /** Corners for a radius of 1; empty for the circle. */
  readonly corners: readonly (readonly [x: number, y: number])[];
}[] = [
  { name: "circle", corners: [] },
  { name: "square", corners: turn(4, 1.2, Math.PI / 4) },
  { name: "triangle", corners: turn(3, 1.4, -Math.PI / 2) },
  { name: "diamond", corners: turn(4, 1.35, 0) },
  { name: "plus", corners: plus(0) },
  { name: "cross", corners: plus(Math.PI / 4) },
  { name: "triangle down", corners: turn(3, 1.4, Math.PI / 2) },
];

export type Symbol = (typeof SYMBOLS)[number];

export const toSymbol = (index: number): Symbol => SYMBOLS[index % SYMBOLS.length] ?? (SYMBOLS[0] as Symbol);

/** As the `d` of an SVG path. */
export function symbolPath({ corners }: Symbol, x: number, y: number, radius: number): string {
  const at = (value: number): number => Math.round(value * 10) / 10;
  if (corners.length === 0)
    return `M${at(x - radius)} ${at(y)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;
  return `M${corners.map(([dx, dy]) => `${at(x + dx * radius)} ${at(y + dy * radius)}`).join("L")}z`;
}

/** Adds one to the open path of a canvas. */
export function traceSymbol(
  context: CanvasRenderingContext2D,
  { corners }: Symbol,
  x: number,
  y: number,
  radius: number,
): void {
  if (corners.length === 0) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  for (const [i, [dx, dy]] of corners.entries())
    if (i === 0) context.moveTo(x + dx * radius, y + dy * radius);
    else context.lineTo(x + dx * radius, y + dy * radius);
  context.closePath();
}

function turn(count: number, radius: number, start: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => {
    const angle = start + (2 * Math.PI * i) / count;
    return [Math.cos(angle) * radius, Math.sin(angle) * radius];
  });
}

function plus(angle: number): [number, number][] {
  const [arm, half] = [1.3, 0.42];
  const quarter: [number, number][] = [
    [half, -arm],
    [half, -half],
    [arm, -half],
  ];
  return [0, 1, 2, 3].flatMap((turns) =>
    quarter.map(([x, y]): [number, number] => {
      const by = angle + (turns * Math.PI) / 2;
      return [x * Math.cos(by) - y * Math.sin(by), x * Math.sin(by) + y * Math.cos(by)];
    }),
  );
}
