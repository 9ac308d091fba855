import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { describe, expect, test } from "vitest";
import type { Database } from "@/db/client";
import { systemAccess } from "@/engine/authorize";
import { limitDocument } from "@/graphql/limits";
import { Loaders } from "@/graphql/loaders";
import { printApi, schema } from "@/graphql/schema";

/** All that client, agent and pages send, whoever adds a file. */
const folder = join(import.meta.dirname, "../../graphql/operations");
const modules: Record<string, unknown>[] = await Promise.all(
  readdirSync(folder).map((file) => import(join(folder, file))),
);
const isDocument = (value: unknown): value is DocumentNode =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "Document";

describe("the public API", () => {
  test("is the one that was reviewed (npx tsx scripts/print-schema.ts writes it)", () => {
    expect(printApi()).toBe(readFileSync(join(import.meta.dirname, "../../graphql/schema.graphql"), "utf8"));
  });

  test("describes every type, field, argument and value", () => {
    const silent = Object.values(schema.getTypeMap())
      .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type as never))
      .flatMap((type) => undescribed(type));
    expect(silent).toEqual([]);
  });

  test("every mutation takes one input with a clientMutationId and gives a payload with an error", () => {
    for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      expect(
        field.args.map(({ name }) => name),
        field.name,
      ).toEqual(["input"]);
      const upper = field.name[0]?.toUpperCase() + field.name.slice(1);
      const input = schema.getType(`${upper}Input`);
      const payload = schema.getType(`${upper}Payload`);
      expect(isInputObjectType(input) && Object.keys(input.getFields()), field.name).toContain(
        "clientMutationId",
      );
      expect(isObjectType(payload) && Object.keys(payload.getFields()), field.name).toEqual(
        expect.arrayContaining(["clientMutationId", "error"]),
      );
    }
  });

  const refusedToSubscriptions = ["Entity.members", "Entity.projects", "Entity.viewerRole"];
  test.each(refusedToSubscriptions)(
    "%s is not answered from rows that were read for all subscribers",
    async (path) => {
      const [name = "", field = ""] = path.split(".");
      const type = schema.getType(name);
      if (!isObjectType(type)) throw new Error(`no type ${name}`);
      const { resolve } = type.getFields()[field] ?? {};
      const shared = { loaders: new Loaders({} as Database, systemAccess()) };
      const answer = resolve?.({ name: "x" }, {}, shared, {} as GraphQLResolveInfo);
      await expect(answer).rejects.toMatchObject({ code: "FORBIDDEN" });
    },
  );

  test("no field below a subscription leads out of its project, since rows there are read without a caller", () => {
    const reached = new Set<string>();
    const walk = (type: GraphQLNamedType) => {
      if (!isObjectType(type) || reached.has(type.name)) return;
      reached.add(type.name);
      for (const field of Object.values(type.getFields()))
        if (!refusedToSubscriptions.includes(`${type.name}.${field.name}`)) walk(getNamedType(field.type));
    };
    const { metricsLogged, outputLogged, ...others } = schema.getSubscriptionType()?.getFields() ?? {};
    // Open to a run's own key, which sees nothing but its run, and one text for everybody who may have it.
    for (const field of [metricsLogged, outputLogged]) if (field) walk(getNamedType(field.type));
    expect([...reached].sort()).toEqual(["LoggedSeries", "MetricsChange", "OutputChange", "OutputPiece"]);

    for (const field of Object.values(others)) walk(getNamedType(field.type));
    // A new type here must belong to the one project, like these; a list of projects or a user would not.
    const allowed = [
      ..."Agent AgentsChange Attempt BestByModel BestPoint Buckets CommonNames EarlyStop Entity Front FrontMember Histogram History Importance LoggedSeries LuckiestRun Machine MarginalPoint Media MediaEntry MediaItem MediaLayer MediaTable Member MetricSummary MetricsChange".split(
        " ",
      ),
      ..."OutputChange OutputConnection OutputEdge OutputPiece PageInfo PairImportance ParameterImportance Person Points Project ProjectChange Run".split(
        " ",
      ),
      ..."RunConnection RunCounts RunEdge RunFile RunFileConnection RunFileEdge RunFolder RunWarning RunsChange SavedView SearchState Series SlotInUse Stopping StoppingBand StoppingSavings Suggestion Sweep SweepAttempts SweepConnection SweepEdge SweepGuess SweepMetric SystemSeries".split(
        " ",
      ),
    ];
    expect([...reached].filter((name) => !allowed.includes(name))).toEqual([]);
  });

  const documents = modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) => (isDocument(value) ? [{ name, document: value }] : [])),
  );
  test("knows the documents of every file", () => expect(documents.length).toBeGreaterThan(30));
  test.each(documents)("answers the document $name", ({ document }) => {
    expect(validate(schema, document, [...specifiedRules, limitDocument])).toEqual([]);
  });

  test.each([
    ["an unknown field", "{ viewer { nickname } }", "Cannot query field"],
    ["a missing argument", "{ sweep { id } }", 'argument "id"'],
    ["an unknown argument", '{ sweep(id: "a", colour: 1) { id } }', "Unknown argument"],
    [
      "two subscriptions at once",
      'subscription { sweepChanged(sweepId: "a") { id } runsChanged(sweepId: "a") { cursor } }',
      "must select only one",
    ],
  ])("refuses %s", (_what, source, message) => {
    expect(
      validate(schema, parse(source))
        .map((error) => error.message)
        .join(),
    ).toContain(message);
  });
});

function undescribed(type: GraphQLNamedType): string[] {
  const found = type.description ? [] : [type.name];
  if (isScalarType(type)) return found;
  // What a value means stands beside it, or in the type's own text by its name.
  const isTold = (name: string) => new RegExp(`\\b${name}\\b`).test(type.description ?? "");
  if (isEnumType(type)) {
    const silent = type.getValues().filter(({ name, description }) => !description && !isTold(name));
    return [...found, ...silent.map(({ name }) => `${type.name}.${name}`)];
  }
  if (!isObjectType(type) && !isInputObjectType(type)) return [...found, `${type.name}: unexpected kind`];
  for (const field of Object.values(type.getFields())) {
    if (!field.description) found.push(`${type.name}.${field.name}`);
    if ("args" in field) {
      for (const argument of field.args)
        if (!argument.description) found.push(`${type.name}.${field.name}(${argument.name})`);
    }
  }
  return found;
}
