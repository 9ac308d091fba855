import type { GraphQLResolveInfo } from "graphql";
import { AppError } from "@/core/errors";
import { readPosition } from "@/core/filter/position";
import type { SweepAction } from "@/core/sweep";
import { isList, isValueMap } from "@/core/value";
import { getSweep, getSweeps, type SweepRow } from "@/db/queries/sweeps";
import { type Control, findFreeName, readControl } from "@/db/queries/wire-control";
import { listWireAgents, listWireSweeps, type WireAgentRow } from "@/db/queries/wire-lists";
import { controlSweep } from "@/engine/control-sweep";
import { followController } from "@/engine/follow-controller";
import { previewUpdate, updateSweep } from "@/engine/update-sweep";
import { createWireSweep } from "@/engine/wire";
import { type GatewayContext, reading } from "./context";
import { readControllerWish } from "./controller";
import { readSweepFilter } from "./run-filter";
import { listRuns, MAX_PAGE, type RunListArgs, readFirst } from "./run-list";
import { badCursor, parseCursor, parseObject, toCursor, toWords } from "./words";

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
  state = () => this.row.state.toUpperCase();
  description = async (_args: unknown, context: GatewayContext) => (await this.news(context))?.description;
  config = () => this.row.source ?? "";
  controller = async (_args: unknown, context: GatewayContext) => (await this.control(context)).said;
  scheduler = async (_args: unknown, context: GatewayContext) => {
    const { scheduled } = await this.control(context);
    return scheduled.length === 0 ? null : JSON.stringify({ scheduled });
  };
  createdAt = () => this.row.createdAt;
  updatedAt = () => this.row.startedAt ?? this.row.createdAt;
  heartbeatAt = async (_args: unknown, context: GatewayContext) =>
    (await this.news(context))?.heartbeatAt ?? this.row.startedAt;
  earlyStopJobRunning = () => false;
  bestLoss = async (_args: unknown, context: GatewayContext) => (await this.news(context))?.best;
  private news = ({ loaders }: GatewayContext) => loaders.sweepNews.load(this.row.id);
  private asked?: Promise<Control>;
  private control(context: GatewayContext): Promise<Control> {
    this.asked ??= readControl(reading(context).sql, this.row.id);
    return this.asked;
  }
  runCount = () => this.row.runCount;
  runCountExpected = () => {
    const counts = [this.row.size, this.row.runCap].flatMap((count) =>
      count === null ? [] : [Number(count)],
    );
    return counts.length === 0 ? null : Math.min(...counts);
  };
  /** Where a scheduler that starts now writes its log: a run of the project, outside of the sweep. None ever says that it has ended. */
  controllerRunName = (_args: unknown, context: GatewayContext) =>
    findFreeName(reading(context).sql, {
      projectId: this.row.projectId,
      name: `${this.row.id}-scheduler`,
    });
  /** Agents ask for them at their start and read none; a controller on its user's machine reads all (W86). */
  runs = (args: RunListArgs, context: GatewayContext, info: GraphQLResolveInfo) =>
    listRuns(
      context,
      { projectId: this.row.projectId, sweepId: this.row.id },
      { first: args.first ?? MAX_PAGE, after: args.after ?? null },
      info,
    );
  agents = async (_args: unknown, context: GatewayContext) => {
    const rows = await listWireAgents(reading(context), context.access, { sweepId: this.row.id });
    return { edges: rows.map((row) => ({ node: new Agent(row) })) };
  };
  agent = async ({ agentName }: { agentName: string }, context: GatewayContext) => {
    const agentId = Number(agentName);
    if (!(Number.isInteger(agentId) && agentId > 0 && agentId < 2 ** 31)) return null;
    const query = { sweepId: this.row.id, agentId };
    const [row] = await listWireAgents(reading(context), context.access, query);
    return row ? new Agent(row) : null;
  };
  project = (_args: unknown, context: GatewayContext) =>
    context.projectOf({ entity: this.row.entity, name: this.row.project });
}

/** What a wandb client sees of an agent: its runs are those that it was ever given. */
export class Agent {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly totalRuns: number;
  readonly createdAt: Date;
  readonly heartbeatAt: Date;

  constructor(readonly row: WireAgentRow) {
    this.id = String(row.id);
    this.name = String(row.id);
    this.host = row.host;
    this.totalRuns = row.totalRuns;
    this.createdAt = row.createdAt;
    this.heartbeatAt = row.heartbeatAt;
  }

  state = () => AGENT_STATES[this.row.state];
  runs = (
    { first, last, after, order }: RunListArgs & { last?: number | null },
    context: GatewayContext,
    info: GraphQLResolveInfo,
  ) =>
    listRuns(
      context,
      { projectId: this.row.projectId, sweepId: this.row.sweepId, agentId: this.row.id },
      { first: first ?? last ?? null, after: after ?? null, order: order ?? null },
      info,
    );
}

const AGENT_STATES = { alive: "RUNNING", lost: "CRASHED", exited: "FINISHED" } as const;

export interface SweepListArgs {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly filters?: string | null;
}

/** A page of a project's sweeps, newest first (W87). @throws AppError BAD_INPUT */
export async function listSweeps(
  context: GatewayContext,
  projectId: number,
  { first, after, filters }: SweepListArgs,
) {
  const db = reading(context);
  const { sweeps, more } = await listWireSweeps(db, context.access, projectId, {
    filter: readSweepFilter(filters),
    first: readFirst(first),
    after: after ? readSweepPosition(after) : undefined,
  });
  const rows = await getSweeps(
    db,
    context.access,
    sweeps.map(({ id }) => id),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const edges = sweeps.flatMap(({ id, position }) => {
    const row = byId.get(id);
    return row ? [{ node: new Sweep(row), cursor: toCursor([position.id, ...position.values]) }] : [];
  });
  return { edges, pageInfo: { endCursor: edges.at(-1)?.cursor ?? null, hasNextPage: more } };
}

function readSweepPosition(after: string) {
  const isId = (id: unknown): id is string => typeof id === "string" && /^[\w.-]{1,128}$/.test(id);
  const position = readPosition(
    [{ operand: { of: "field", name: "createdAt", field: { kind: "time" } }, direction: "desc" }],
    isId,
    [0, ...parseCursor(after)],
  );
  if (position === undefined) throw badCursor(after);
  return position;
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
  const { id, config, state, controller } = input;
  if (!id) return create(input, context);
  const warnings =
    config && !(controller && (await isSameFile(context, id, config)))
      ? (await updateSweep(context, { sweepId: id, source: config, noRetries: true })).warnings
      : [];
  if (controller) await followController(context, readControllerWish(id, controller));
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

/** A controller sends the file with each word of its own, as a YAML library writes it: that is no change of it. */
async function isSameFile(context: GatewayContext, sweepId: string, source: string): Promise<boolean> {
  const { changes } = await previewUpdate(context, { sweepId, source, noRetries: true });
  return changes.length === 0;
}

async function create(input: UpsertSweepInput, context: GatewayContext) {
  if (!input.config) throw new AppError("BAD_INPUT", "config is empty, expected the text of a sweep file");
  const { sweepId, warnings } = await createWireSweep(context, {
    source: input.config,
    noRetries: true,
    ...(input.entityName && { entity: input.entityName }),
    ...(input.projectName && { project: input.projectName }),
    ...(input.displayName && { name: input.displayName }),
    description: toWords(input.description, 20_000),
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
  const { $or = null } = parseObject("priorRunsFilters", text);
  if (isList($or)) {
    const names = $or.flatMap((one) => (isValueMap(one) && typeof one.name === "string" ? [one.name] : []));
    if (names.length === $or.length) return names;
  }
  throw new AppError(
    "BAD_INPUT",
    `priorRunsFilters is ${text.slice(0, 200)}, expected {"$or": [{"name": RUN}, ...]}`,
  );
}
