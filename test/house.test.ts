import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importsOf, inspect, type Sources } from "./support/house";

const ROOT = join(import.meta.dirname, "..");
const SKIPPED = new Set(["node_modules", "dist", "python", "shared"]);

test("every import goes down the house, type-only ones included, and no files form a circle", () => {
  const sources = readSources();
  expect(sources.size).toBeGreaterThan(30);
  expect(inspect(sources)).toEqual([]);
});

test.each([
  ["an import that goes up", "core/a.ts", 'import { x } from "@/db/b";', "db/b.ts", "db lies above core"],
  [
    "a type-only import that goes up",
    "core/a.ts",
    'import type { X } from "@/db/b";',
    "db/b.ts",
    "lies above",
  ],
  ["an inline type import", "core/a.ts", 'type X = import("@/db/b").X;', "db/b.ts", "lies above"],
  ["a dynamic import", "core/a.ts", 'await import("@/db/b");', "db/b.ts", "lies above"],
  ["an export from above", "core/a.ts", 'export * from "@/db/b";', "db/b.ts", "lies above"],
  ["a room of the same level", "ui/a.tsx", 'import { x } from "@/db/b";', "db/b.ts", "one level"],
  [
    "gateway and graphql",
    "gateway/wandb/a.ts",
    'import { x } from "@/graphql/b";',
    "graphql/b.ts",
    "one level",
  ],
  [
    "the agent in the engine",
    "agent/a.ts",
    'import { x } from "@/engine/b";',
    "engine/b.ts",
    "agent may use",
  ],
  [
    "the agent in the resolvers",
    "agent/a.ts",
    'import { x } from "@/graphql/b";',
    "graphql/b.ts",
    "agent may use",
  ],
  ["a page in the database", "app/page.tsx", 'import { x } from "@/db/b";', "db/b.ts", "app may use"],
  ["ui that computes", "ui/a.tsx", 'import { x } from "@/math/b";', "math/b.ts", "ui may use"],
  [
    "documents that bring the server",
    "graphql/operations/a.ts",
    'import "../b";',
    "graphql/b.ts",
    "may not use",
  ],
  ["code that imports tests", "core/a.ts", 'import "@/test/b";', "test/b.ts", "nobody imports test/"],
  [
    "code that imports scripts",
    "server.ts",
    'import "@/scripts/b";',
    "scripts/b.ts",
    "nobody imports scripts/",
  ],
  ["a bare base URL", "engine/a.ts", 'import "core/b";', "core/b.ts", "write @/"],
  [
    "a bare base URL into graphql",
    "app/a.ts",
    'import "graphql/operations/b";',
    "graphql/operations/b.ts",
    "write @/",
  ],
  [
    "a relative path to another room",
    "engine/a.ts",
    'import "../core/b";',
    "core/b.ts",
    "never by a relative path",
  ],
  ["a folder that is no room", "core/a.ts", 'import "@/utils/b";', "utils/b.ts", "no room"],
])("found: %s", (_, file, text, other, why) => {
  const found = inspect(
    new Map([
      [file, text],
      [other, ""],
    ]),
  );
  expect(found).toEqual([expect.stringContaining(why)]);
});

test("found: circles of two, of three through types, and of a file with itself", () => {
  const circle = (files: Record<string, string>) => inspect(new Map(Object.entries(files)));
  expect(circle({ "core/a.ts": 'import "./b";', "core/b.ts": 'import type { X } from "./a";' })).toHaveLength(
    1,
  );
  expect(
    circle({
      "db/a.ts": 'import "./b";',
      "db/b.ts": 'export * from "./c";',
      "db/c.ts": 'import type {} from "@/db/a";',
    }),
  ).toEqual([expect.stringContaining("db/a.ts, db/b.ts, db/c.ts")]);
  expect(circle({ "core/a.ts": 'import "./a";' })).toHaveLength(1);
});

test.each([
  ["downwards", "engine/a.ts", 'import "@/db/b"; import type { T } from "@/core/c";'],
  [
    "the package graphql",
    "graphql/a.ts",
    'import { parse } from "graphql"; import "graphql/language/parser";',
  ],
  [
    "local.ts and documents from a page",
    "app/page.tsx",
    'import "@/graphql/local"; import "@/graphql/operations/b";',
  ],
  ["anything from a test", "test/engine/a.ts", 'import "@/engine/b"; import "../support/x";'],
  [
    "text that only looks like an import",
    "core/a.ts",
    'const text = "import x from \'@/db/b\'"; // import "@/db/b"',
  ],
])("allowed: %s", (_, file, text) => {
  const others = [
    "db/b.ts",
    "core/c.ts",
    "graphql/local.ts",
    "graphql/operations/b.ts",
    "engine/b.ts",
    "test/support/x.ts",
  ];
  expect(inspect(new Map([[file, text], ...others.map((other): [string, string] => [other, ""])]))).toEqual(
    [],
  );
});

test("imports are seen in each form that TypeScript has", () => {
  const text = `import a from "@/core/x"; import type { B } from "@/core/x"; import "@/core/x";
    export { c } from "@/core/x"; export type * from "@/core/x"; import d = require("@/core/x");
    const e = await import("@/core/x"); const f = require("@/core/x"); type G = import("@/core/x").G;`;
  const found = importsOf("db/a.ts", text, new Map([["core/x.ts", ""]]));
  expect(found.map(({ to }) => to)).toEqual(Array(9).fill("core/x.ts"));
});

function readSources(): Sources {
  const sources = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const name of readdirSync(join(ROOT, folder))) {
      if (name.startsWith(".") || SKIPPED.has(name)) continue;
      const path = folder ? `${folder}/${name}` : name;
      if (statSync(join(ROOT, path)).isDirectory()) walk(path);
      else if (/\.(ts|tsx|mjs|js)$/.test(name) && !/\.d\.ts$/.test(name)) {
        sources.set(path, readFileSync(join(ROOT, path), "utf8"));
      }
    }
  };
  walk("");
  return sources;
}
