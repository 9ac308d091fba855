import { toValueMap, type ValueMap } from "@/core/value";
import { endOf, type RunEnd, type RunHead } from "./found-run";
import { JsonTree } from "./json-tree";
import { toFacts } from "./metadata";
import type { HistoryRecord, Item, RunRecord, WandbRecord } from "./wandb-records";

/** What is beside the records. */
interface Beside {
  readonly digest: string;
  readonly records: number;
  readonly remarks: readonly string[];
  /** Texts of files that the client wrote next to its records. */
  readonly requirements: string;
  readonly metadata: string | undefined;
}

/** What all records of a run add up to. */
export class RunFold {
  run: RunRecord | undefined;
  /** Whether its records hold what it printed. */
  printed = false;
  private readonly config = new JsonTree();
  private readonly summary = new JsonTree();
  private metadata: Record<string, unknown> = {};
  private version: string | undefined;
  private exit: { code: number } | undefined;
  private historyLines = 0;
  private lastStep: number | undefined;
  /** Of the files before the one that is read. */
  private lastStepBefore: number | undefined;
  private startedMs: number | undefined;
  private beganMs: number | undefined;
  private lastMs: number | undefined;

  /** Another file of the run: it goes on, so its end is yet to come. */
  begin(): void {
    this.exit = undefined;
    this.beganMs = undefined;
    this.lastStepBefore = this.lastStep;
  }

  /** Whether this record of the file shows that it does not go on from the files before it. */
  isAnew({ step = 0 }: HistoryRecord): boolean {
    return this.lastStep !== undefined && this.lastStep === this.lastStepBefore && step <= this.lastStep;
  }

  /** @throws AppError BAD_INPUT */
  take(record: WandbRecord): void {
    switch (record.kind) {
      case "client":
        this.version = record.version;
        break;
      case "run":
        this.takeRun(record.run);
        break;
      case "config":
        this.config.apply(record);
        break;
      case "summary":
        this.summary.apply(record);
        break;
      case "history":
        this.historyLines++;
        this.lastStep = Math.max(record.step ?? 0, this.lastStep ?? 0);
        this.see(timeOf(record.items));
        break;
      case "stats":
        this.see(record.timeMs);
        break;
      case "output":
        this.printed = true;
        this.see(record.timeMs);
        break;
      case "environment":
        this.metadata = { ...this.metadata, ...record.metadata };
        break;
      case "exit":
        this.exit = record;
        if (this.beganMs !== undefined) this.see(this.beganMs + record.runtimeS * 1_000);
        break;
    }
  }

  /** @throws AppError BAD_INPUT */
  toHead({ digest, records, remarks, requirements, metadata }: Beside): RunHead {
    const { run } = this;
    if (run === undefined) throw new TypeError("there was no record of a run");
    const described = Object.keys(this.metadata).length > 0 ? this.metadata : readMetadata(metadata);
    return {
      ...{ id: run.id, digest, records, remarks, tags: run.tags },
      project: run.project || undefined,
      displayName: run.displayName || undefined,
      notes: run.notes || undefined,
      group: run.group || undefined,
      jobType: run.jobType || undefined,
      sweepId: run.sweepId || undefined,
      host: run.host || undefined,
      program: typeof described.program === "string" ? described.program : undefined,
      git: run.git,
      config: withoutOwn(this.config.build()),
      summary: this.summary.build(),
      clientVersion: this.version || undefined,
      facts: toFacts({ ...(run.git && { git: run.git }), ...described }, requirements),
      startedMs: this.startedMs,
      finishedMs: this.lastMs,
      end: this.exit === undefined ? CRASHED : endOf(this.exit.code),
      historyLines: this.historyLines,
    };
  }

  /** Its later records are the whole run again, with what was changed; what is empty there was never set. */
  private takeRun(run: RunRecord): void {
    const { run: before } = this;
    this.config.apply(run.config);
    this.summary.apply(run.summary);
    this.startedMs ??= run.startedMs;
    this.beganMs ??= run.startedMs;
    this.see(run.startedMs);
    this.run = {
      ...run,
      id: run.id || before?.id || "",
      project: run.project || before?.project || "",
      displayName: run.displayName || before?.displayName || "",
      notes: run.notes || before?.notes || "",
      group: run.group || before?.group || "",
      jobType: run.jobType || before?.jobType || "",
      sweepId: run.sweepId || before?.sweepId || "",
      host: run.host || before?.host || "",
      git: run.git ?? before?.git,
    };
  }

  private see(timeMs: number | undefined): void {
    if (timeMs !== undefined && timeMs > (this.lastMs ?? 0)) this.lastMs = timeMs;
  }
}

const CRASHED: RunEnd = {
  state: "crashed",
  detail: "its record ends without an exit: the process was killed, or its machine",
};

/** What the client keeps for itself, its telemetry above all. */
const withoutOwn = (config: ValueMap): ValueMap =>
  toValueMap(Object.entries(config).filter(([name]) => name !== "_wandb"));

/** Seconds since 1970, on each line of a history. */
function timeOf(items: readonly Item[]): number | undefined {
  const json = items.find(({ path }) => path.length === 1 && path[0] === "_timestamp")?.json;
  const seconds = json === undefined ? undefined : Number(json);
  return seconds !== undefined && seconds > 0 && seconds < 253_402_300_800 ? seconds * 1_000 : undefined;
}

function readMetadata(text: string | undefined): Record<string, unknown> {
  try {
    return Object(text === undefined ? {} : JSON.parse(text)) as Record<string, unknown>;
  } catch {
    // Beside its records it is of little weight: a client that was killed left half of it.
    return {};
  }
}
