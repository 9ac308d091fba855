import { toPng } from "./png";
import { beginRun, logLines, stream, uploadFile } from "./wire";

/** A run of the showcase that learns to read digits, and logs what it sees as wandb's client does. @returns its page's path */
export async function logShowcaseMedia(
  { url, key }: { url: string; key: string },
  project: string,
): Promise<string> {
  const server = { url, key };
  const run = await beginRun(server, "reads-digits", project);
  const steps = Array.from({ length: STEPS }, (_, step) => step);
  const shown = [7, 2, 1, 0, 4, 9, 5, 3, 6];
  const nameOf = (i: number) => `media/images/examples_${i}.png`;
  await Promise.all(
    shown.map((digit, i) =>
      uploadFile(
        server,
        run,
        nameOf(i),
        toPng(28, 28, (x, y) => draw(digit, i, x, y)),
      ),
    ),
  );
  const guessed = (digit: number, step: number, i: number) =>
    (i * 5 + step * 3) % STEPS > step ? (digit + 2 + i + step) % 10 : digit;
  const rows = shown.map((digit, i) => [
    ...[i, digit, guessed(digit, STEPS - 1, i)],
    Math.round(1e4 * (0.99 - 0.04 * ((i * 7) % 9))) / 1e4,
  ]);
  await uploadFile(
    server,
    run,
    "media/table/predictions.table.json",
    JSON.stringify({ columns: ["id", "digit", "guess", "confidence"], data: rows }),
  );
  await uploadFile(server, run, "model.pt", new Uint8Array(2_400_000));
  await logLines(
    server,
    run,
    0,
    steps.map((step) => ({
      loss: 2.3 * Math.exp(-step / 9) + 0.08,
      accuracy: 0.98 - 0.88 * Math.exp(-step / 7),
      examples: {
        ...{ _type: "images/separated", width: 28, height: 28, format: "png", count: shown.length },
        filenames: shown.map((_, i) => nameOf(i)),
        captions: shown.map((digit, i) => `${digit}, read as ${guessed(digit, step, i)}`),
      },
      "weights/fc1": toHistogram(step),
      predictions: {
        ...{ _type: "table-file", path: "media/table/predictions.table.json", sha256: "0", size: 1 },
        ...{ ncols: 4, nrows: rows.length },
      },
    })),
  );
  await stream(server, `${run.entity}/${project}/${run.run}`, { complete: true, exitcode: 0 });
  return `/${run.entity}/${project}/runs/${run.run}`;
}

const STEPS = 30;

/** It widens as it learns. */
function toHistogram(step: number) {
  const bins = Array.from({ length: 65 }, (_, i) => (i - 32) / 40);
  const sd = 0.06 + 0.28 * (1 - Math.exp(-step / 8));
  const values = bins
    .slice(1)
    .map((edge) => Math.round((2_000 / sd) * Math.exp(-(((edge - step / 300) / sd) ** 2) / 2)));
  return { _type: "histogram", values, bins };
}

/** Strokes of the digits in a square from 0 to 1, y downwards. */
const STROKES: readonly (readonly (readonly [number, number])[])[] = [
  [
    [0.5, 0.1],
    [0.75, 0.3],
    [0.75, 0.7],
    [0.5, 0.9],
    [0.27, 0.7],
    [0.27, 0.3],
    [0.5, 0.1],
  ],
  [
    [0.38, 0.25],
    [0.55, 0.1],
    [0.52, 0.9],
  ],
  [
    [0.28, 0.28],
    [0.5, 0.1],
    [0.72, 0.28],
    [0.65, 0.5],
    [0.27, 0.88],
    [0.76, 0.88],
  ],
  [
    [0.3, 0.15],
    [0.7, 0.15],
    [0.5, 0.45],
    [0.73, 0.65],
    [0.55, 0.9],
    [0.28, 0.8],
  ],
  [
    [0.6, 0.9],
    [0.62, 0.1],
    [0.24, 0.62],
    [0.78, 0.62],
  ],
  [
    [0.72, 0.12],
    [0.36, 0.12],
    [0.33, 0.45],
    [0.62, 0.45],
    [0.72, 0.68],
    [0.55, 0.9],
    [0.28, 0.82],
  ],
  [
    [0.65, 0.1],
    [0.36, 0.4],
    [0.3, 0.7],
    [0.5, 0.9],
    [0.7, 0.72],
    [0.52, 0.54],
    [0.33, 0.66],
  ],
  [
    [0.25, 0.14],
    [0.75, 0.14],
    [0.42, 0.9],
  ],
  [
    [0.5, 0.48],
    [0.3, 0.3],
    [0.5, 0.1],
    [0.7, 0.3],
    [0.5, 0.48],
    [0.73, 0.7],
    [0.5, 0.9],
    [0.27, 0.7],
    [0.5, 0.48],
  ],
  [
    [0.7, 0.35],
    [0.5, 0.5],
    [0.32, 0.3],
    [0.52, 0.1],
    [0.7, 0.35],
    [0.6, 0.9],
  ],
];

/** A dot of a digit as if written by hand: leaning a little, with a soft edge. */
function draw(digit: number, hand: number, x: number, y: number): number {
  const lean = ((hand % 5) - 2) * 0.09;
  const [at, down] = [x / 27, y / 27];
  const place: readonly [number, number] = [at + lean * (down - 0.5), down];
  const stroke = STROKES[digit] ?? [];
  const distance = Math.min(...stroke.slice(1).map((end, i) => toSegment(place, stroke[i] ?? end, end)));
  return 255 * Math.min(1, Math.max(0, 1.6 - distance / 0.045));
}

function toSegment(
  [x, y]: readonly [number, number],
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}
