import type { Access } from "@/core/access";
import { unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import { type Axis, type Cell, type Column, lowerBound } from "@/core/history/column";
import type { Segment } from "@/core/history/lineage";
import type { Database, Tx } from "../client";
import { readRuns } from "./read-history";
import { visible } from "./visible";

export interface RowsQuery {
  readonly runId: number;
  /** As this attempt saw it; the current one when absent. */
  readonly attempt?: number;
  /** Only rows in which all of these metrics have a value, and nothing else of them. */
  readonly names?: readonly string[];
  /** Both ends included. */
  readonly minStep?: number;
  readonly maxStep?: number;
  /** The last piece in which something was logged, however many rows it has. */
  readonly lastPiece?: boolean;
}

/** Valid while it is being looked at: its cells are put together when somebody wants them. */
export interface HistoryRow {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  cells(): ReadonlyMap<string, Cell>;
}

/**
 * The rows of a run's joined history (what its attempts have logged, one after another), in the order of steps: the opposite of how they lie
 * in the database, where each metric has its own blocks. One stretch of at most some thousand steps is unpacked at a time, so that a run of any
 * length takes the same memory. All in one snapshot: merging moves points from tails to chunks.
 * @returns undefined for a run that is unknown, or may not be seen
 */
export async function scanRows(
  db: Database,
  access: Access,
  query: RowsQuery,
  visit: (row: HistoryRow) => void,
): Promise<{ startedAt: number } | undefined> {
  return db.sql.begin("isolation level repeatable read read only", async (tx) => {
    const [run] = await readRuns(tx, access, { runIds: [query.runId], attempt: query.attempt });
    if (run === undefined) return undefined;
    const names = await readNames(tx, access, query);
    const complete = query.names === undefined || names.size === new Set(query.names).size;
    if (complete) {
      const pieces = await readPieces(tx, query, run.segments);
      const rows = new Rows(names, query, visit);
      for await (const unpacked of unpack(tx, query.runId, pieces, [...names.keys()])) rows.add(unpacked);
      rows.end();
    }
    return { startedAt: run.startedAt };
  }) as Promise<{ startedAt: number } | undefined>;
}

async function readNames(tx: Tx, access: Access, { runId, names }: RowsQuery): Promise<Map<number, string>> {
  const rows = await tx<{ id: number; name: string }[]>`
    select m.id, m.name from metrics m
    where ${
      names
        ? tx`m.project_id = (select r.project_id from runs r where r.id = ${runId} and ${visible(tx, access, tx`r.project_id`, tx`r.id`)})
          and m.name = any(${[...names]}::text[])`
        : tx`m.id in (select s.metric_id from metric_summaries s where s.run_id = ${runId})`
    }
    order by m.name collate "C"`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** A chunk or a tail of one attempt, and the last step in it that counts. */
interface Piece {
  readonly attempt: number;
  readonly chunk: number | null;
  readonly batch: number | null;
  readonly first: number;
  readonly last: number;
  until: number;
}

/** In the order of logging, oldest attempt first. */
async function readPieces(tx: Tx, query: RowsQuery, segments: readonly Segment[]): Promise<Piece[]> {
  const { runId, minStep = 0, maxStep = Number.MAX_SAFE_INTEGER, lastPiece = false } = query;
  const attempts = segments.map(({ attempt }) => attempt);
  const rows = await tx<Piece[]>`
    select attempt, chunk, null::int as batch, first_step as first, last_step as last from metric_axes
    where run_id = ${runId} and attempt = any(${attempts}::int[])
    union all
    select attempt, null, batch, first_step, last_step from metric_tails where run_id = ${runId} and attempt = any(${attempts}::int[])
    order by attempt, chunk nulls last, first, batch`;
  const ends = new Map(segments.map((segment) => [segment.attempt, segment.maxStep]));
  // A step that is logged again counts where it was logged last.
  let next = Number.MAX_SAFE_INTEGER;
  const pieces: Piece[] = [];
  for (const row of [...rows].reverse()) {
    const end = Math.min(ends.get(row.attempt) ?? -1, maxStep);
    if (row.first > end) continue;
    const until = Math.min(row.last, end, next);
    next = Math.min(next, row.first);
    if (until < minStep || until < row.first) continue;
    const oldest = pieces.at(-1);
    // Its first step may be one that the piece before it speaks of too.
    if (lastPiece && oldest !== undefined && row.last < oldest.first) break;
    pieces.push({ ...row, until });
  }
  return pieces.reverse();
}

interface Unpacked {
  readonly axis: Axis;
  readonly columns: readonly { readonly metricId: number; readonly column: Column }[];
  readonly until: number;
}

/** Blocks that one statement fetches: of some kilobytes each. */
const MOST_BLOCKS = 400;
const MOST_TAILS = 8;

async function* unpack(
  tx: Tx,
  runId: number,
  pieces: readonly Piece[],
  metricIds: readonly number[],
): AsyncGenerator<Unpacked> {
  const wanted = new Set(metricIds);
  const together = Math.min(16, Math.max(1, Math.floor(MOST_BLOCKS / Math.max(1, metricIds.length))));
  for (let at = 0; at < pieces.length; ) {
    const first = pieces[at] as Piece;
    const most = first.chunk === null ? MOST_TAILS : together;
    let end = at + 1;
    while (end < pieces.length && end - at < most && isAlike(pieces[end] as Piece, first)) end++;
    const group = pieces.slice(at, end);
    const unpacked =
      first.chunk === null
        ? await unpackTails(tx, runId, group, wanted)
        : await unpackChunks(tx, runId, group, metricIds);
    yield* unpacked;
    at = end;
  }
}

const isAlike = (a: Piece, b: Piece): boolean =>
  a.attempt === b.attempt && (a.chunk === null) === (b.chunk === null);

async function unpackTails(
  tx: Tx,
  runId: number,
  group: readonly Piece[],
  wanted: ReadonlySet<number>,
): Promise<Unpacked[]> {
  const rows = await tx<{ batch: number; block: Uint8Array }[]>`
    select batch, block from metric_tails
    where run_id = ${runId} and attempt = ${group[0]?.attempt ?? 0} and batch = any(${group.map(({ batch }) => batch)}::int[])`;
  const blocks = new Map(rows.map(({ batch, block }) => [batch, block]));
  return group.flatMap(({ batch, until }) => {
    const block = blocks.get(batch ?? -1);
    if (block === undefined) return [];
    const { axis, series } = unpackTail(block, wanted);
    return [{ axis, columns: series, until }];
  });
}

async function unpackChunks(
  tx: Tx,
  runId: number,
  group: readonly Piece[],
  metricIds: readonly number[],
): Promise<Unpacked[]> {
  const [attempt, chunks] = [group[0]?.attempt ?? 0, group.map(({ chunk }) => chunk)];
  const [axes, values] = await Promise.all([
    tx<{ chunk: number; block: Uint8Array }[]>`
      select chunk, block from metric_axes where run_id = ${runId} and attempt = ${attempt} and chunk = any(${chunks}::int[])`,
    tx<{ chunk: number; metricId: number; block: Uint8Array }[]>`
      select chunk, metric_id as "metricId", block from metric_values
      where run_id = ${runId} and attempt = ${attempt} and metric_id = any(${[...metricIds]}::int[]) and chunk = any(${chunks}::int[])`,
  ]);
  const blocks = new Map(axes.map(({ chunk, block }) => [chunk, block]));
  return group.flatMap(({ chunk, until }) => {
    const block = blocks.get(chunk ?? -1);
    if (block === undefined) return [];
    const axis = unpackAxis(block);
    const columns = values
      .filter((one) => one.chunk === chunk)
      .map((one) => ({ metricId: one.metricId, column: unpackColumn(one.block, axis.steps.length) }));
    return [{ axis, columns, until }];
  });
}

/** Pieces, put together to rows. The last row of a piece waits: the next piece may say more of its step. */
class Rows {
  private waiting: { step: number; time: number; cells: Map<string, Cell> } | undefined;
  private readonly minStep: number;
  private readonly wanted: number | undefined;

  constructor(
    private readonly names: ReadonlyMap<number, string>,
    { minStep = 0, names: asked }: RowsQuery,
    private readonly visit: (row: HistoryRow) => void,
  ) {
    this.minStep = minStep;
    this.wanted = asked && names.size;
  }

  add({ axis, columns, until }: Unpacked): void {
    const { steps } = axis;
    const end = lowerBound(steps, until + 1);
    const cursors = columns.map(({ metricId, column }) => new Cursor(this.names.get(metricId) ?? "", column));
    for (let i = lowerBound(steps, this.minStep); i < end; i++) {
      const step = steps[i] as number;
      const row = { step, time: axis.times[i] as number, cells: () => cellsAt(cursors, i) };
      if (this.waiting?.step === step) {
        for (const [name, cell] of row.cells()) this.waiting.cells.set(name, cell);
        this.waiting.time = row.time;
        continue;
      }
      this.end();
      if (i === end - 1) this.waiting = { step, time: row.time, cells: row.cells() };
      else if (this.wanted === undefined || countAt(cursors, i) === this.wanted) this.visit(row);
    }
  }

  end(): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined && (this.wanted === undefined || waiting.cells.size === this.wanted))
      this.visit({ ...waiting, cells: () => waiting.cells });
  }
}

/** A column, read from its top to its bottom. */
class Cursor {
  private next = 0;
  constructor(
    readonly name: string,
    private readonly column: Column,
  ) {}

  /** Where in the column's values the row is; undefined where it has none. Rows must be asked for in their order. */
  find(row: number): number | undefined {
    const { at } = this.column;
    if (at === undefined) return row;
    while (this.next < at.length && (at[this.next] as number) < row) this.next++;
    return at[this.next] === row ? this.next : undefined;
  }

  cell(place: number): Cell {
    const json = this.column.others?.get(place);
    return json === undefined ? (this.column.values[place] as number) : { json };
  }
}

function cellsAt(cursors: readonly Cursor[], row: number): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const cursor of cursors) {
    const place = cursor.find(row);
    if (place !== undefined) cells.set(cursor.name, cursor.cell(place));
  }
  return cells;
}

function countAt(cursors: readonly Cursor[], row: number): number {
  let count = 0;
  for (const cursor of cursors) if (cursor.find(row) !== undefined) count++;
  return count;
}
