import { AppError } from "@/core/errors";
import type { Cell } from "@/core/history/column";
import type { HistoryRow } from "@/db/queries/read-rows";

/** Rows of a history as W&B's clients read them (W90 to W93). */

/** A row that outlives its being looked at. */
export interface KeptRow {
  readonly step: number;
  readonly time: number;
  readonly cells: ReadonlyMap<string, Cell>;
}

/** What each line has beside the metrics; W&B's own clients write them, and ours have them from the steps and their times. */
export const OWN_KEYS: ReadonlySet<string> = new Set(["_step", "_timestamp", "_runtime"]);

/** Values in hand at once, of some 50 bytes each. */
const MAX_CELLS = 2_000_000;

/**
 * Keeps rows at equal distances of however many come by: when there are eight times as many as are wanted (or twice, of wide ones) every second
 * one goes, and from then on only every second one is taken.
 */
export class Sampler {
  private rows: KeptRow[] = [];
  private stride = 1;
  private count = 0;
  private cells = 0;
  constructor(private readonly wanted: number) {}

  /** @throws AppError QUERY_TOO_LARGE */
  offer({ step, time, cells }: HistoryRow): void {
    if (this.count++ % this.stride !== 0) return;
    const kept = { step, time, cells: cells() };
    this.rows.push(kept);
    this.cells += kept.cells.size;
    const most = this.cells > MAX_CELLS ? 2 * this.wanted : 8 * this.wanted;
    if (this.rows.length > most) this.thinOut();
    if (this.cells > MAX_CELLS && this.rows.length <= 2 * this.wanted)
      throw new AppError(
        "QUERY_TOO_LARGE",
        `these rows have more than ${MAX_CELLS} values: ask for fewer samples, for single keys or for shorter pages`,
        { details: { cells: this.cells, max: MAX_CELLS } },
      );
  }

  /** The first and the last of them among them. */
  take(): KeptRow[] {
    const { rows, wanted } = this;
    if (rows.length <= wanted) return [...rows];
    if (wanted === 1) return rows.slice(0, 1);
    const picked: KeptRow[] = [];
    for (let i = 0; i < wanted; i++) {
      const row = rows[Math.round((i * (rows.length - 1)) / (wanted - 1))];
      if (row) picked.push(row);
    }
    return picked;
  }

  private thinOut(): void {
    this.rows = this.rows.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
    this.cells = this.rows.reduce((sum, row) => sum + row.cells.size, 0);
  }
}

/** JSON text of a row. NaN and the infinities are bare words: Python's reader takes them, and nothing else would be a number to it. */
export function toLine(row: KeptRow, startedAt: number, keys?: ReadonlySet<string>): string {
  const parts = ownEntries(row, startedAt)
    .filter(([name]) => keys === undefined || keys.has(name))
    .map(([name, value]) => `"${name}":${value}`);
  for (const [name, cell] of row.cells)
    if (!OWN_KEYS.has(name))
      parts.push(`${JSON.stringify(name)}:${typeof cell === "number" ? String(cell) : cell.json}`);
  return `{${parts.join(",")}}`;
}

/** The same as JSON itself, which has no NaN: a text stands for it, as from W&B's server. */
export function toObject(
  row: KeptRow,
  startedAt: number,
  keys: ReadonlySet<string>,
): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [name, value] of ownEntries(row, startedAt)) if (keys.has(name)) object[name] = value;
  for (const [name, cell] of row.cells) {
    if (OWN_KEYS.has(name)) continue;
    if (typeof cell !== "number") object[name] = JSON.parse(cell.json);
    else object[name] = Number.isFinite(cell) ? cell : String(cell);
  }
  return object;
}

const ownEntries = ({ step, time }: KeptRow, startedAt: number): [string, number][] => [
  ["_step", step],
  ["_runtime", Math.max(0, time - startedAt) / 1_000],
  ["_timestamp", time / 1_000],
];
