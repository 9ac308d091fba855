import type { GraphQLResolveInfo } from "graphql";
import { readPosition } from "@/core/filter/position";
import { getEntities } from "@/db/queries/entities";
import { listProjectsOfEntities } from "@/db/queries/projects";
import { getSweep } from "@/db/queries/sweeps";
import { getViewer } from "@/db/queries/users";
import { countSweeps } from "@/db/queries/wire-lists";
import { artifactsOf, type PageArgs } from "./artifacts";
import { type GatewayContext, reading } from "./context";
import { findRun, type Place, placeOf } from "./find-run";
import { showRun } from "./run";
import { countRuns, listRuns, type RunListArgs, readFirst } from "./run-list";
import { listSweeps, Sweep, type SweepListArgs } from "./sweep";
import { badCursor, parseCursor, toCursor } from "./words";

/** What a wandb client sees of a project (W40). */
export class Project {
  readonly id: string;
  readonly internalId: string;
  readonly name: string;
  readonly entityName: string;
  readonly isBenchmark = false;
  readonly readOnly = false;
  readonly access = "PRIVATE";
  readonly views = null;
  readonly user = null;

  constructor(readonly row: Place) {
    this.id = String(row.id);
    this.internalId = String(row.id);
    this.name = row.name;
    this.entityName = row.entity;
  }

  /** Null where there is none, or the caller may not know of it. */
  static async of(
    context: GatewayContext,
    { entity, name }: { entity?: string | null | undefined; name?: string | null | undefined },
  ): Promise<Project | null> {
    const row = await placeOf(context, { entity, project: name });
    return row === undefined ? null : new Project(row);
  }

  entity = () => toEntity(this.row.entity);
  description = () => this.row.description;
  createdAt = () => this.row.createdAt;

  run = ({ name }: { name: string }, context: GatewayContext) => this.bucket({ name }, context);
  async bucket({ name }: { name: string }, context: GatewayContext) {
    const run = await findRun(context, { entity: this.row.entity, project: this.row.name, name });
    return run === undefined ? null : showRun(context, run, name);
  }

  artifact = ({ name }: { name: string }, context: GatewayContext) =>
    artifactsOf(this.row).artifact(context, name);
  artifactType = ({ name }: { name: string }, context: GatewayContext) =>
    artifactsOf(this.row).type(context, name);
  artifactTypes = (_args: unknown, context: GatewayContext) => artifactsOf(this.row).types(context);
  artifactCollection = ({ name }: { name: string }, context: GatewayContext) =>
    artifactsOf(this.row).collection(context, name);
  artifactCollections = (args: PageArgs, context: GatewayContext) =>
    artifactsOf(this.row).collections(context, args);
  artifactCollectionMembership = ({ name }: { name: string }, context: GatewayContext) =>
    artifactsOf(this.row).membership(context, name);

  runs = (args: RunListArgs, context: GatewayContext, info: GraphQLResolveInfo) =>
    listRuns(context, { projectId: this.row.id }, args, info);
  runCount = ({ filters }: Pick<RunListArgs, "filters">, context: GatewayContext) =>
    countRuns(context, { projectId: this.row.id }, filters);

  sweeps = (args: SweepListArgs, context: GatewayContext) => listSweeps(context, this.row.id, args);
  totalSweeps = (_args: unknown, context: GatewayContext) =>
    countSweeps(reading(context), context.access, this.row.id);

  async sweep({ sweepName }: { sweepName: string }, context: GatewayContext) {
    const row = await getSweep(context.db, context.access, sweepName);
    return row === undefined || row.projectId !== this.row.id ? null : new Sweep(row);
  }
}

/** A page of the projects of one entity, the caller's own when none is named, in the order in which they were made (W88). */
export async function listProjects(
  context: GatewayContext,
  { entityName, first, after }: { entityName?: string | null; first?: number | null; after?: string | null },
) {
  const db = reading(context);
  const name = entityName || (await getViewer(db, context.access))?.name;
  const [entity] = name ? await getEntities(db, context.access, [name]) : [];
  const pages = entity
    ? await listProjectsOfEntities(db, context.access, [entity.id], {
        length: readFirst(first),
        after: after ? readProjectPosition(after) : undefined,
      })
    : new Map<number, never>();
  const page = pages.get(entity?.id ?? 0);
  const edges = (page?.rows ?? []).map((row) => ({ node: new Project(row), cursor: toCursor([row.id]) }));
  return { edges, pageInfo: { endCursor: edges.at(-1)?.cursor ?? null, hasNextPage: page?.more ?? false } };
}

function readProjectPosition(after: string) {
  const isId = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 0;
  const position = readPosition([], isId, [0, ...parseCursor(after)]);
  if (position === undefined) throw badCursor(after);
  return position;
}

/** Of an entity that the caller may not know of, as of one that is none, the name is all there is to say. */
export async function findEntity(context: GatewayContext, name: string) {
  const [entity] = await getEntities(reading(context), context.access, [name]);
  return { ...toEntity(entity?.name ?? name), isTeam: entity?.kind === "team" };
}

export const toEntity = (name: string) => ({
  id: `entity-${name}`,
  name,
  isTeam: false,
  available: false,
  // Digests are MD5, which the store measures as bytes come.
  xxhashDigestsEnabled: false,
  // Organisations are W&B's own; every run asks for them.
  organization: null,
});
