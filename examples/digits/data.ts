import { readFileSync } from "node:fs";
import type { Random } from "./random";

/** Images as rows of 64 pixels scaled to 0..1, and their digits. */
export interface Digits {
  readonly pixels: Float64Array;
  readonly labels: Uint8Array;
  readonly count: number;
}

export const PIXELS = 64;
export const CLASSES = 10;

/** Reads the shipped file and splits it: the last fifth of a seeded shuffle is held out. */
export function loadDigits(random: Random): { train: Digits; heldOut: Digits } {
  const rows = readFileSync(new URL("./data/digits.csv", import.meta.url), "utf8")
    .trim()
    .split("\n");
  const order = random.shuffle(rows.length);
  const cut = Math.floor(rows.length * 0.8);
  return { train: take(rows, order.subarray(0, cut)), heldOut: take(rows, order.subarray(cut)) };
}

function take(rows: string[], order: Uint32Array): Digits {
  const pixels = new Float64Array(order.length * PIXELS);
  const labels = new Uint8Array(order.length);
  for (const [i, index] of order.entries()) {
    const cells = (rows[index] ?? "").split(",");
    for (let p = 0; p < PIXELS; p++) pixels[i * PIXELS + p] = Number(cells[p]) / 16;
    labels[i] = Number(cells[PIXELS]);
  }
  return { pixels, labels, count: order.length };
}
