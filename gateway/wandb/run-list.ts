import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from "graphql";
import { AppError } from "@/core/errors";
import { countWireRuns, listWireRuns, type WireScope } from "@/db/queries/list-wire-runs";
import { type GatewayContext, reading } from "./context";
import { Run } from "./run";
import { readRunFilter, readRunOrder, readRunPosition } from "./run-filter";
import { toCursor } from "./words";

export interface RunListArgs {
  readonly filters?: string | null;
  readonly order?: string | null;
  readonly first?: number | null;
  readonly after?: string | null;
}

/** As W&B's own server has it: a page is never longer, whatever was asked for. */
export const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 50;

/** A page of runs (W80 to W85). @throws AppError BAD_INPUT, QUERY_TOO_LARGE */
export async function listRuns(
  context: GatewayContext,
  scope: WireScope,
  args: RunListArgs,
  info?: GraphQLResolveInfo,
) {
  const order = readRunOrder(args.order);
  const { runs, more } = await listWireRuns(reading(context), context.access, scope, {
    filter: readRunFilter(args.filters),
    order,
    first: readFirst(args.first),
    after: readRunPosition(order, args.after),
    records: info === undefined || RECORDS.some((name) => isAsked(info, name)),
  });
  const edges = runs.map((row) => ({
    node: new Run(row),
    cursor: toCursor([row.position.id, ...row.position.values]),
  }));
  return { edges, pageInfo: { endCursor: edges.at(-1)?.cursor ?? null, hasNextPage: more } };
}
/** What takes a run's record to answer. */
const RECORDS = ["config", "summaryMetrics", "wandbConfig"];

/** @throws AppError BAD_INPUT, QUERY_TOO_LARGE */
export const countRuns = (
  context: GatewayContext,
  scope: WireScope,
  filters?: string | null,
): Promise<number> => countWireRuns(reading(context), context.access, scope, readRunFilter(filters));

/** @throws AppError BAD_INPUT */
export function readFirst(first: number | null | undefined, byDefault = DEFAULT_PAGE): number {
  if (first === null || first === undefined) return byDefault;
  if (Number.isInteger(first) && first >= 1) return Math.min(first, MAX_PAGE);
  throw new AppError("BAD_INPUT", `first is ${first}, expected a whole number from 1`);
}

/** Is a field of that name asked for, at any level below? */
function isAsked({ fieldNodes, fragments }: GraphQLResolveInfo, name: string): boolean {
  const seen = new Set<string>();
  const within = (set: SelectionSetNode | undefined): boolean =>
    (set?.selections ?? []).some((one) => {
      if (one.kind === Kind.FIELD) return one.name.value === name || within(one.selectionSet);
      if (one.kind === Kind.INLINE_FRAGMENT) return within(one.selectionSet);
      if (seen.has(one.name.value)) return false;
      seen.add(one.name.value);
      return within(fragments[one.name.value]?.selectionSet);
    });
  return fieldNodes.some((node) => within(node.selectionSet));
}
