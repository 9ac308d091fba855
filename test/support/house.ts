import { dirname, join, normalize } from "node:path/posix";
import ts from "typescript";

/** The sources of a project: path from its root (with `/`) to text. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  from: string;
  /** As written. */
  specifier: string;
  /** The file of ours that it means; undefined for a package. */
  to: string | undefined;
}

/** The rooms by level, as style.md lists them: imports go down, never to another room of the same level. */
const LEVELS: readonly (readonly string[])[] = [
  ["math"],
  ["core"],
  ["db", "store", "compute", "ui"],
  ["engine"],
  ["graphql", "gateway", "downloads"],
  ["client"],
  ["app", "agent"],
  ["server.ts"],
];
/** May import everything, and nobody imports them. */
const OUTSIDE = ["test", "bench", "scripts", "examples"];
/** Rooms that may use less than what lies below them, as prefixes of paths. */
const NARROW: Readonly<Record<string, readonly string[]>> = {
  ui: ["core/"],
  client: ["graphql/operations/", "core/"],
  app: ["ui/", "graphql/operations/", "graphql/local.ts", "core/"],
  agent: ["client/", "graphql/operations/", "core/"],
  downloads: [],
};
/** What agents and pages send must not bring the server along. */
const WITHIN: readonly [from: string, never: string][] = [
  ["graphql/operations/", "graphql/"],
  ["ui/kit/", "ui/charts/"],
  ["ui/charts/prepare/", "ui/charts/draw/"],
  ["compute/search/gp/", "compute/search/"],
];

/** Every violation of the house's rules as a sentence; an empty list is a house in order. */
export function inspect(sources: Sources): string[] {
  const imports = [...sources].flatMap(([file, text]) => importsOf(file, text, sources));
  return [...imports.flatMap(violations), ...circles(imports)];
}

function violations({ from, specifier, to }: Import): string[] {
  const say = (why: string): string[] => [`${from} imports ${JSON.stringify(specifier)}: ${why}`];
  if (to === undefined) return [];
  const [mine, theirs] = [roomOf(from), roomOf(to)];
  if (!specifier.startsWith(".") && !specifier.startsWith("@/"))
    return say("write @/ before a folder of ours");
  if (mine !== theirs && specifier.startsWith(".") && !OUTSIDE.includes(mine)) {
    return say("another room is imported by @/, never by a relative path");
  }
  if (mine === theirs) {
    const rule = WITHIN.find(
      ([part, never]) => from.startsWith(part) && to.startsWith(never) && !to.startsWith(part),
    );
    return rule ? say(`${rule[0]} may not use ${rule[1]}`) : [];
  }
  if (OUTSIDE.includes(mine)) return [];
  if (OUTSIDE.includes(theirs)) return say(`nobody imports ${theirs}/`);
  const [high, low] = [levelOf(mine), levelOf(theirs)];
  if (high === undefined) return say(`${mine} is no room of the house`);
  if (low === undefined) return say(`${theirs} is no room of the house`);
  if (low === high) return say(`${mine} and ${theirs} are on one level`);
  if (low > high) return say(`${theirs} lies above ${mine}`);
  const allowed = NARROW[mine];
  return allowed && !allowed.some((prefix) => to.startsWith(prefix))
    ? say(`${mine} may use ${allowed.join(", ")} only`)
    : [];
}

const roomOf = (file: string): string => file.split("/")[0] ?? file;

function levelOf(room: string): number | undefined {
  const level = LEVELS.findIndex((rooms) => rooms.includes(room));
  return level === -1 ? undefined : level;
}

/** All import forms, type-only ones included: `import`, `export from`, `import()`, `import("x").T`, `require`. */
export function importsOf(file: string, text: string, sources: Sources): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined): void => {
    if (node && ts.isStringLiteralLike(node)) {
      found.push({ from: file, specifier: node.text, to: resolve(file, node.text, sources) });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    else if (ts.isExternalModuleReference(node)) add(node.expression);
    else if (ts.isCallExpression(node) && isImportCall(node)) add(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, kindOf(file)));
  return found;
}

const isImportCall = ({ expression }: ts.CallExpression): boolean =>
  expression.kind === ts.SyntaxKind.ImportKeyword ||
  (ts.isIdentifier(expression) && expression.text === "require");

const kindOf = (file: string): ts.ScriptKind =>
  /\.[jt]sx$/.test(file) ? ts.ScriptKind.TSX : ts.ScriptKind.TS;

/** A specifier to the file it means: `./x`, `@/room/x`, and a bare `room/x` that a base URL would allow. */
function resolve(from: string, specifier: string, sources: Sources): string | undefined {
  const path = specifier.startsWith(".")
    ? normalize(join(dirname(from), specifier))
    : specifier.startsWith("@/")
      ? specifier.slice(2)
      : specifier;
  const found = ["", ".ts", ".tsx", ".mjs", ".js", "/index.ts", "/index.tsx"]
    .map((ending) => path + ending)
    .find((candidate) => sources.has(candidate));
  // The package `graphql` and the folder share a name: the bare word alone is always the package.
  return found !== undefined && (path !== specifier || specifier.includes("/")) ? found : undefined;
}

/** Files that import each other in a circle, by Tarjan's strongly connected components. */
function circles(imports: readonly Import[]): string[] {
  const graph = new Map<string, string[]>();
  for (const { from, to } of imports) if (to !== undefined) graph.set(from, [...(graph.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.size - 1);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1 || graph.get(file)?.includes(file)) found.push(circle);
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found.map((circle) => `${[...circle].sort().join(", ")}: they import each other in a circle`);
}
