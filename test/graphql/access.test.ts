import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/**
 * No resolver reaches the database without saying for whom: whatever graphql/ calls of db/queries/ takes `access` as its
 * second argument, and nothing in graphql/ speaks SQL. `access` is branded, so only engine/authorize.ts can have made it.
 */
const ROOT = join(import.meta.dirname, "../..");

/** Calls without an access, each with what makes it harmless. */
const ALLOWED: Readonly<Record<string, string>> = {
  "graphql/http/metrics.ts readVitalSigns":
    "sums over the server for /metrics, which checks who asks for itself",
  "graphql/http/status.ts ping": "asks whether the database answers",
  "graphql/live/agent-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/importance-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/metric-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/project-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/run-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/sweep-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/metric-changes.ts readMetricNames":
    "names of numbers that readNewBlocks gave for this access",
};

describe("the resolvers", () => {
  const found = filesOf("graphql").flatMap((file) =>
    inspect(relative(ROOT, file), readFileSync(file, "utf8")),
  );

  test("pass the caller's access to every query", () => {
    const bare = found.filter(({ what }) => what === "query").map(({ file, name }) => `${file} ${name}`);
    expect([...new Set(bare)].sort()).toEqual(Object.keys(ALLOWED).sort());
  });

  test("speak no SQL", () => {
    expect(found.filter(({ what }) => what === "sql")).toEqual([]);
  });
});

describe("the inspection", () => {
  const import_ = 'import { getRuns, type RunRow } from "@/db/queries/runs";\n';
  test.each([
    ["no access", "getRuns(db, ids)", ["query"]],
    ["something else in its place", "getRuns(db, context, ids)", ["query"]],
    ["an access made up here", "getRuns(db, { kind: 'system' } as Access, ids)", ["query"]],
    ["a query handed on", "const read = getRuns; read(db, ids)", ["query"]],
    ["a tagged template", "db.sql`select 1`", ["sql"]],
    ["a destructured client", "const { sql } = db; sql`select 1`", ["sql"]],
    ["Drizzle", "db.orm.select()", ["sql"]],
    ["an access", "getRuns(db, access, ids)", []],
    ["an access of something", "getRuns(this.db, this.access, ids)", []],
    ["the server's own", "getRuns(db, systemAccess(), ids)", []],
  ])("finds: %s", (_what, body, expected) => {
    expect(inspect("graphql/x.ts", import_ + body).map(({ what }) => what)).toEqual(expected);
  });
  test("sees queries that are imported as a whole", () => {
    const text =
      'import * as runs from "@/db/queries/runs";\nruns.getRuns(db, ids); runs.getRuns(db, access, ids)';
    expect(inspect("graphql/x.ts", text)).toHaveLength(1);
  });
});

interface Finding {
  readonly file: string;
  readonly what: "query" | "sql";
  readonly name: string;
}

function inspect(file: string, text: string): Finding[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const { functions, modules } = importsOf(source);
  const found: Finding[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (isSqlName(node)) found.push({ file, what: "sql", name: node.getText() });
    const name = queryNamed(node, functions, modules);
    if (name !== undefined && !isCalledWithAccess(node)) found.push({ file, what: "query", name });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Functions of db/queries/ by the name they have here; types, errors and constants in capitals are none. */
function importsOf(source: ts.SourceFile) {
  const functions = new Set<string>();
  const modules = new Set<string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { importClause } = statement;
    if (!statement.moduleSpecifier.text.includes("db/queries/") || importClause?.isTypeOnly) continue;
    const bindings = importClause?.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) modules.add(bindings.name.text);
    else
      for (const element of bindings?.elements ?? [])
        if (!element.isTypeOnly && /^[a-z]/.test(element.name.text)) functions.add(element.name.text);
  }
  return { functions, modules };
}

/** The query's name where it is used: called, or handed on. */
function queryNamed(
  node: ts.Node,
  functions: ReadonlySet<string>,
  modules: ReadonlySet<string>,
): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const { expression, name } = node;
    return ts.isIdentifier(expression) && modules.has(expression.text) ? name.text : undefined;
  }
  if (!ts.isIdentifier(node) || !functions.has(node.text)) return undefined;
  const { parent } = node;
  const isLabel =
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    ((ts.isMethodDeclaration(parent) || ts.isGetAccessorDeclaration(parent)) && parent.name === node) ||
    ts.isTypeQueryNode(parent);
  return isLabel ? undefined : node.text;
}

function isCalledWithAccess(node: ts.Node): boolean {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || parent.expression !== node) return false;
  const access = parent.arguments[1];
  if (access === undefined) return false;
  if (ts.isIdentifier(access)) return access.text === "access";
  if (ts.isPropertyAccessExpression(access)) return access.name.text === "access";
  return ts.isCallExpression(access) && access.expression.getText() === "systemAccess";
}

/** `x.sql`, `{ sql } = x`, and the same of Drizzle's client and the readers' pool. */
function isSqlName(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return CLIENTS.has(node.name.text);
  return ts.isBindingElement(node) && CLIENTS.has((node.propertyName ?? node.name).getText());
}
const CLIENTS = new Set(["sql", "orm", "readers"]);

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(ROOT, path)).isDirectory()) return filesOf(path);
    return /\.tsx?$/.test(name) ? [join(ROOT, path)] : [];
  });
}
