import { AppError } from "@/core/errors";
import type { SweepAction } from "@/core/sweep";
import { getSweep, type SweepRow } from "@/db/queries/sweeps";
import { listWireRunsOfSweep } from "@/db/queries/wire-runs";
import { controlSweep } from "@/engine/control-sweep";
import { updateSweep } from "@/engine/update-sweep";
import { createWireSweep } from "@/engine/wire";
import type { GatewayContext } from "./context";
import { Run } from "./run";
import { toCapitals } from "./words";

const MOST_RUNS = 1_000;

/** What a wandb client sees of a sweep (W20). */
export class Sweep {
  readonly id: string;
  readonly name: string;

  constructor(readonly row: SweepRow) {
    this.id = row.id;
    this.name = row.id;
  }

  displayName = () => (this.row.name === this.row.id ? null : this.row.name);
  method = () => this.row.method;
  state = () => toCapitals(this.row.state);
  description = () => null;
  config = () => this.row.source ?? "";
  controller = () => null;
  scheduler = () => null;
  createdAt = () => this.row.createdAt;
  updatedAt = () => this.row.startedAt ?? this.row.createdAt;
  heartbeatAt = () => this.row.startedAt;
  earlyStopJobRunning = () => false;
  bestLoss = () => null;
  runCount = () => this.row.runCount;
  runCountExpected = () => {
    const counts = [this.row.size, this.row.runCap].flatMap((count) =>
      count === null ? [] : [Number(count)],
    );
    return counts.length === 0 ? null : Math.min(...counts);
  };
  controllerRunName = () => null;
  /** Agents ask for it at their start and read none: a page at most, whatever was asked. */
  runs = async (
    { first, after }: { first?: number | null; after?: string | null },
    { db, access }: GatewayContext,
  ) => {
    const wanted = Math.min(Math.max(1, first ?? MOST_RUNS), MOST_RUNS);
    const rows = await listWireRunsOfSweep(db, access, {
      ...{ sweepId: this.row.id, first: wanted + 1, after: Number(after) || 0 },
    });
    const edges = rows.slice(0, wanted).map((row) => ({ node: new Run(row), cursor: String(row.id) }));
    return {
      edges,
      pageInfo: { endCursor: edges.at(-1)?.cursor ?? null, hasNextPage: rows.length > wanted },
    };
  };
  project = (_args: unknown, context: GatewayContext) =>
    context.projectOf({ entity: this.row.entity, name: this.row.project });
}

export interface UpsertSweepInput {
  readonly id?: string | null;
  readonly config?: string | null;
  readonly description?: string | null;
  readonly displayName?: string | null;
  readonly entityName?: string | null;
  readonly projectName?: string | null;
  readonly state?: string | null;
  readonly controller?: string | null;
  readonly scheduler?: string | null;
  readonly priorRunsFilters?: string | null;
}

const ACTIONS: Readonly<Record<string, SweepAction>> = {
  RUNNING: "resume",
  PAUSED: "pause",
  CANCELED: "cancel",
  CANCELLED: "cancel",
  FINISHED: "stop",
};

/** Makes a sweep, gives a waiting one another file, or moves one (W21 to W24). @throws AppError as the engine's verbs do */
export async function upsertSweep({ input }: { input: UpsertSweepInput }, context: GatewayContext) {
  const { id, config, state } = input;
  if (!id) return create(input, context);
  const warnings = config
    ? (await updateSweep(context, { sweepId: id, source: config, noRetries: true })).warnings
    : [];
  if (input.displayName) await updateSweep(context, { sweepId: id, name: input.displayName });
  if (state) {
    const action = ACTIONS[state.toUpperCase()];
    if (action === undefined)
      throw new AppError(
        "BAD_INPUT",
        `state is ${state}, expected one of ${Object.keys(ACTIONS).join(", ")}`,
      );
    await controlSweep(context, { sweepId: id, action });
  }
  return answer(
    context,
    id,
    warnings.map(({ message }) => message),
  );
}

async function create(input: UpsertSweepInput, context: GatewayContext) {
  if (!input.config) throw new AppError("BAD_INPUT", "config is empty, expected the text of a sweep file");
  const { sweepId, warnings } = await createWireSweep(context, {
    source: input.config,
    noRetries: true,
    ...(input.entityName && { entity: input.entityName }),
    ...(input.projectName && { project: input.projectName }),
    ...(input.displayName && { name: input.displayName }),
    ...(input.description && { description: input.description }),
    ...(input.priorRunsFilters && { priorRuns: readPriorRuns(input.priorRunsFilters) }),
  });
  return answer(
    context,
    sweepId,
    warnings.map(({ message }) => message),
  );
}

async function answer(context: GatewayContext, sweepId: string, warnings: readonly string[]) {
  const row = await getSweep(context.db, context.access, sweepId);
  if (row === undefined)
    throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
  return { sweep: new Sweep(row), configValidationWarnings: warnings };
}

/** `{"$or": [{"name": "x"}, ...]}`: the one shape that the client sends. @throws AppError BAD_INPUT */
function readPriorRuns(text: string): string[] {
  const parsed = JSON.parse(text) as { $or?: readonly { name?: unknown }[] };
  const names = parsed.$or?.map(({ name }) => name);
  if (names?.every((name) => typeof name === "string")) return names as string[];
  throw new AppError(
    "BAD_INPUT",
    `priorRunsFilters is ${text.slice(0, 200)}, expected {"$or": [{"name": RUN}, ...]}`,
  );
}
