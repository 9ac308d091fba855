import type { ArgBuilder } from "@pothos/core";
import { listMetricNames } from "@/db/queries/metric-names";
import { listParameterNames } from "@/db/queries/parameter-names";
import { builder } from "../builder";
import { checkFirst } from "../connection";
import { toLookup } from "../ids";
import { MAX_PAGE } from "../limits";
import { Project, Sweep } from "../refs";

/** Names that a filter, an order or a chart can use: for pickers. */

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

interface NamesArgs {
  contains?: string | null | undefined;
  first?: number | null | undefined;
}

const toQuery = ({ contains, first }: NamesArgs) => ({
  limit: checkFirst(first ?? MAX_PAGE),
  ...(contains != null && { contains: toLookup("contains", contains) }),
});

const namesArgs = (t: ArgBuilder<Types>) => ({
  contains: t.string({ description: "Only names with this in them, a-z and A-Z being the same." }),
  first: t.int({ description: "At most this many, at most 1000; 1000 when absent." }),
});

const WHAT = {
  metricNames: "Metrics that were ever logged in it, sorted.",
  parameterNames: "Parameters of its newest 1000 runs as a filter names them, sorted.",
} as const;

builder.objectFields(Project, (t) => ({
  metricNames: t.stringList({
    description: WHAT.metricNames,
    args: namesArgs(t.arg),
    resolve: ({ id }, args, { db, access }) => listMetricNames(db, access, { projectId: id }, toQuery(args)),
  }),
  parameterNames: t.stringList({
    description: WHAT.parameterNames,
    args: namesArgs(t.arg),
    resolve: ({ id }, args, { db, access }) =>
      listParameterNames(db, access, { projectId: id }, toQuery(args)),
  }),
}));

builder.objectFields(Sweep, (t) => ({
  metricNames: t.stringList({
    description: WHAT.metricNames,
    args: namesArgs(t.arg),
    resolve: ({ id }, args, { db, access }) => listMetricNames(db, access, { sweepId: id }, toQuery(args)),
  }),
  parameterNames: t.stringList({
    description: WHAT.parameterNames,
    args: namesArgs(t.arg),
    resolve: ({ id }, args, { db, access }) => listParameterNames(db, access, { sweepId: id }, toQuery(args)),
  }),
}));
