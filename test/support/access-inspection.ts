import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "../..");

export interface Finding {
  readonly file: string;
  readonly what: "query" | "sql";
  readonly name: string;
}

/** Uses of db/queries/ without an access, and of its client. */
export function inspect(file: string, text: string): Finding[] {
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

/** The same of all files of a room. */
export const inspectFolder = (folder: string): Finding[] =>
  filesOf(folder).flatMap((file) => inspect(relative(ROOT, file), readFileSync(file, "utf8")));

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(ROOT, path)).isDirectory()) return filesOf(path);
    return /\.tsx?$/.test(name) ? [join(ROOT, path)] : [];
  });
}
