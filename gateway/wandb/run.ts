import { AppError } from "@/core/errors";
import { isValueMap, parseJson, stringifyJson, toValueMap, type Value, type ValueMap } from "@/core/value";
import { type ContinuedAttempt, readContinuedAttempt, type WireRun } from "@/db/queries/wire";
import { getWireRuns, type WireRunRow } from "@/db/queries/wire-runs";
import { artifactsOfRun, type PageArgs } from "./artifacts";
import type { GatewayContext } from "./context";
import type { LineArgs } from "./output-lines";
import { fileCount, files } from "./run-files";
import { type FileArgs, type HistoryArgs, type RunReads, readsOf } from "./run-reads";

/** What a wandb client sees of a run (W30). */
export class Run {
  readonly id: string;
  readonly name: string;
  readonly projectId: number;
  readonly reads: RunReads;

  constructor(
    readonly row: WireRunRow,
    /** Lines of the attempt that the caller speaks for, or goes on with, where that is not the run's own. */
    private readonly lines: Pick<WireRun, "historyLines" | "outputLines"> = row,
    wireName?: string,
    continued?: ContinuedAttempt,
  ) {
    this.id = String(row.id);
    this.name = wireName ?? row.name;
    this.projectId = row.projectId;
    this.reads = readsOf(row, continued);
  }

  displayName = () => this.row.displayName;
  description = () => this.row.notes;
  notes = () => this.row.notes;
  /** W&B has no word of its own for a run that goes out again. */
  state = () => this.row.state;
  group = () => this.row.group;
  jobType = () => this.row.jobType;
  commit = () => this.row.commit;
  host = () => this.row.host;
  program = () => this.row.program;
  tags = () => this.row.tags;
  sweepName = () => this.row.sweepId;
  readOnly = () => false;
  createdAt = () => this.row.createdAt;
  heartbeatAt = () => this.row.heartbeatAt ?? this.row.createdAt;
  user = () =>
    this.row.user === null
      ? null
      : { id: `user-${this.row.user}`, name: this.row.user, username: this.row.user };
  exitcode = () => this.row.exitCode;
  stopped = () => this.row.stopRequested !== null;
  shouldStop = () => this.row.stopRequested !== null;
  failed = () => this.row.state === "failed" || this.row.state === "crashed";
  running = () => this.row.state === "running" || this.row.state === "preempting";
  historyLineCount = () => this.lines.historyLines;
  logLineCount = () => this.lines.outputLines;
  eventsLineCount = () => this.row.eventLines;
  config = () => stringifyJson(this.configMap());
  /** W&B's client takes a run for begun when its telemetry is there: one that only waits has none. */
  wandbConfig = () => {
    const own = this.configMap()._wandb;
    return stringifyJson(
      own !== undefined && isValueMap(own) && own.value !== undefined ? own.value : toValueMap([]),
    );
  };
  systemMetrics = (_args: unknown, context: GatewayContext) => this.reads.systemMetrics(context);
  summaryMetrics = async (_args: unknown, context: GatewayContext) =>
    stringifyJson(await summaryOf(context, this.row));
  project = (_args: unknown, context: GatewayContext) =>
    context.projectOf({ entity: this.row.entity, name: this.row.project });
  historyKeys = (_args: unknown, context: GatewayContext) => this.reads.historyKeys(context);
  historyTail = (_args: unknown, context: GatewayContext) => this.reads.historyTail(context);
  eventsTail = (_args: unknown, context: GatewayContext) => this.reads.eventsTail(context);
  history = (args: HistoryArgs, context: GatewayContext) => this.reads.history(args, context);
  events = (args: { samples?: number | null }, context: GatewayContext) => this.reads.events(args, context);
  sampledHistory = (args: { specs: readonly string[] }, context: GatewayContext) =>
    this.reads.sampledHistory(args, context);
  parquetHistory = () => ({ parquetUrls: [], liveData: [] });
  logLines = (args: LineArgs, context: GatewayContext) => this.reads.logLines(args, context);
  files = (args: FileArgs, context: GatewayContext) =>
    files(
      context,
      { runId: this.row.id, entity: this.row.entity, project: this.row.project, run: this.row.name },
      args,
    );
  outputArtifacts = (args: PageArgs, context: GatewayContext) =>
    artifactsOfRun(context, this.row.id, false, args);
  inputArtifacts = (args: PageArgs, context: GatewayContext) =>
    artifactsOfRun(context, this.row.id, true, args);
  fileCount = (_args: unknown, context: GatewayContext) => fileCount(context, this.row.id);

  /** `{name: {value}}`: what the client said last, or the parameters of a run that only ours spoke of. */
  private configMap(): ValueMap {
    const said = this.row.config === null ? undefined : parseJson(this.row.config);
    if (said !== undefined && isValueMap(said) && Object.keys(said).length > 0) return said;
    const params = parseJson(this.row.params);
    return toValueMap(
      Object.entries(isValueMap(params) ? params : {}).map(([name, value]) => [
        name,
        toValueMap([["value", value]]),
      ]),
    );
  }
}

/** The last value of each metric, with what the client says over it: minima and the like of `define_metric`, and what was never logged. */
export async function summaryOf(context: GatewayContext, row: WireRunRow): Promise<ValueMap> {
  const metrics = await context.loaders.summaries.load(row.id);
  const said = row.summary === null ? undefined : parseJson(row.summary);
  const entries = new Map<string, Value>();
  for (const { name, last, lastOther } of metrics) {
    if (last !== null) entries.set(name, last);
    else if (lastOther != null) entries.set(name, parseJson(lastOther));
  }
  // Steps are integers: 1.0 breaks a client that resumes.
  if (row.lastStep !== null) entries.set("_step", row.lastStep);
  if (said !== undefined && isValueMap(said)) {
    for (const [name, value] of Object.entries(said)) {
      // `{"d": {"x": 1}}` stands for what the history calls d.x.
      if (isValueMap(value))
        for (const key of entries.keys()) if (key.startsWith(`${name}.`)) entries.delete(key);
      if (name !== "_step" || row.lastStep === null) entries.set(name, value);
    }
  }
  return toValueMap(entries);
}

/** @throws AppError NOT_FOUND when it was deleted meanwhile */
export async function showRun(context: GatewayContext, run: WireRun, wireName?: string): Promise<Run> {
  const [row] = await getWireRuns(context.db, context.access, [run.runId]);
  if (row === undefined) throw new AppError("NOT_FOUND", `run ${run.name} is unknown`);
  const continued =
    run.attempt > 1 && run.lastStep === null ? await readContinuedAttempt(context.db.sql, run) : undefined;
  return new Run(row, continued ?? run, wireName, continued);
}
