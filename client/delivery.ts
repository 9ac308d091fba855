import type { AppError } from "@/core/errors";
import { type AttemptCommand, LogMetrics, LogOutput, type OutputLine } from "@/graphql/operations";
import type { Client } from "./client";
import { type ColumnBatch, Columns, joinColumns, type Point, splitColumns } from "./columns";
import { Lane } from "./lane";

export interface DeliveryOptions {
  client: Client;
  runId: string;
  attempt: number;
  /** A folder of this attempt's own, for what the server does not have yet. */
  spoolDir: string;
  /** Goes on with what another process left there. */
  resume?: boolean;
  /** The server refused something, or can't be reached for now. */
  onRefused: (what: "metrics" | "output", error: AppError) => void;
  onTrouble?: (error: AppError) => void;
  /** The server wants the process to end. What comes is still kept, under this attempt. */
  onCommand?: (command: AttemptCommand) => void;
  /** `isFull` may have changed. */
  onRoom?: () => void;
  /** Ends the retries: what isn't delivered by then stays in the spool. */
  signal?: AbortSignal;
}

/** Leaves at once, without waiting for the clock. */
const FLUSH_POINTS = 1_000;
/** Bounds of one batch: far below the 8 MiB that the server takes, since answers are awaited one by one. */
const MAX_CELLS = 100_000;
const FLUSH_BYTES = 1024 * 1024;
const OUTPUT_FLUSH_BYTES = 64 * 1024;

/** Takes what one attempt logs and prints, and brings it to the server: in order, each piece once, through outages. */
export class Delivery {
  private readonly columns = new Columns();
  private readonly metrics: Lane<ColumnBatch>;
  private readonly output: Lane<OutputLine[]>;
  private lines: OutputLine[] = [];
  private lineBytes = 0;
  private resumedFromStep: number | undefined;

  constructor(options: DeliveryOptions) {
    const { client, runId, attempt, onRefused, onTrouble, onCommand, onRoom, signal } = options;
    const { spoolDir, resume } = options;
    const common = { spoolDir, onRoom, signal, ...(resume && { resume }) };
    const patience = {
      patienceMs: Number.POSITIVE_INFINITY,
      ...(signal && { signal }),
      ...(onTrouble && { onTrouble }),
    };
    this.metrics = new Lane({
      take: () => this.takeMetrics(),
      send: async (columns, batch) => {
        const input = { runId, batch: { attempt, batch, ...columns } };
        const { command } = await client.mutate(LogMetrics, { input }, patience);
        if (command) onCommand?.(command);
      },
      split: splitColumns,
      join: (first, next) => joinColumns(first, next, MAX_CELLS),
      onRefused: (error) => onRefused("metrics", error),
      name: "metrics",
      ...common,
    });
    this.output = new Lane({
      take: () => this.takeOutput(),
      send: async (lines, batch) => {
        await client.mutate(LogOutput, { input: { runId, attempt, batch, lines } }, patience);
      },
      split: splitLines,
      join: (first, next) => {
        for (const line of next) first.push(line);
        return true;
      },
      onRefused: (error) => onRefused("output", error),
      name: "output",
      ...common,
    });
  }

  /** So much waits for the server that whoever can hold back shall. */
  get isFull(): boolean {
    return this.metrics.isFull || this.output.isFull;
  }

  /** Steps must not go backwards. */
  log(point: Point): void {
    this.columns.add(point);
    const { points, cells, bytes } = this.columns;
    if (points >= FLUSH_POINTS || cells >= MAX_CELLS || bytes >= FLUSH_BYTES) this.metrics.flush();
    else this.metrics.touch();
  }

  /** Before anything is logged: the attempt goes on behind this step of an earlier one. */
  resume(step: number): void {
    this.resumedFromStep = step;
  }

  print(line: OutputLine): void {
    this.lines.push(line);
    this.lineBytes += line.text.length + 48;
    if (this.lineBytes >= OUTPUT_FLUSH_BYTES) this.output.flush();
    else this.output.touch();
  }

  /** Resolves when everything is with the server, or was refused or given up. */
  async drain(): Promise<void> {
    await Promise.all([this.metrics.drain(), this.output.drain()]);
  }

  /** Something could not be delivered. */
  get hasRest(): boolean {
    return this.metrics.hasRest || this.output.hasRest;
  }

  /** With `keep`, what could not be delivered stays in the spool. */
  close({ keep = false } = {}): void {
    this.metrics.close({ keep });
    this.output.close({ keep });
  }

  private takeMetrics() {
    const { bytes } = this.columns;
    const taken = this.columns.take();
    if (!taken) return undefined;
    const { resumedFromStep } = this;
    this.resumedFromStep = undefined;
    return { item: { ...taken, ...(resumedFromStep !== undefined && { resumedFromStep }) }, bytes };
  }

  private takeOutput() {
    if (this.lines.length === 0) return undefined;
    const taken = { item: this.lines, bytes: this.lineBytes };
    this.lines = [];
    this.lineBytes = 0;
    return taken;
  }
}

function splitLines(lines: OutputLine[]): [OutputLine[], OutputLine[]] | undefined {
  const half = lines.length >> 1;
  return half === 0 ? undefined : [lines.slice(0, half), lines.slice(half)];
}
