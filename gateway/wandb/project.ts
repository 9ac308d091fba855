import type { GraphQLResolveInfo } from "graphql";
import { getSweep } from "@/db/queries/sweeps";
import type { GatewayContext } from "./context";
import { findRun, type Place, placeOf } from "./find-run";
import { showRun } from "./run";
import { countRuns, listRuns, type RunListArgs } from "./run-list";
import { Sweep } from "./sweep";

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

  runs = (args: RunListArgs, context: GatewayContext, info: GraphQLResolveInfo) =>
    listRuns(context, { projectId: this.row.id }, args, info);
  runCount = ({ filters }: Pick<RunListArgs, "filters">, context: GatewayContext) =>
    countRuns(context, { projectId: this.row.id }, filters);

  async sweep({ sweepName }: { sweepName: string }, context: GatewayContext) {
    const row = await getSweep(context.db, context.access, sweepName);
    return row === undefined || row.projectId !== this.row.id ? null : new Sweep(row);
  }
}

export const toEntity = (name: string) => ({
  id: `entity-${name}`,
  name,
  isTeam: false,
  available: false,
  // Organisations are W&B's own; every run asks for them.
  organization: null,
});
