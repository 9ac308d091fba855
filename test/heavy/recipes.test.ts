import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "@/graphql/schema";
import { type Recipe, readRecipes, sayTheSame } from "../support/recipes";
import { sharedServer, type TestServer } from "../support/server";

const ROOT = join(import.meta.dirname, "../..");
const recipes = readRecipes(readFileSync(join(ROOT, "docs/graphql.md"), "utf8"));
const inLanguage = (language: string) => recipes.filter((recipe) => recipe.language === language);

const started = sharedServer();
let server: TestServer;
let folder: string;
beforeAll(() => {
  server = started();
  folder = mkdtempSync(join(tmpdir(), "besom-recipes-"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With nothing of ours in its environment but what the page says. */
async function run(command: string, args: readonly string[], url = server.url): Promise<string> {
  const env = {
    NODE_ENV: "production" as const,
    PATH: process.env.PATH ?? "",
    HOME: folder,
    BESOM_URL: url,
    BESOM_API_KEY: server.key,
  };
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env, timeout: 60_000 });
  return stdout;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function expectPromised({ output, line }: Recipe, printed: string): void {
  if (output === undefined) return;
  const [got, promised] = sayTheSame(output, printed);
  expect(got, `the recipe in line ${line}`).toEqual(promised);
}

describe("docs/graphql.md, executed against a real server", () => {
  test("has recipes in all three languages", () => {
    expect(inLanguage("sh").length).toBeGreaterThan(10);
    expect(inLanguage("python").length).toBeGreaterThan(0);
    expect(inLanguage("ts").length).toBeGreaterThan(0);
    expect(recipes.map(({ language }) => language)).toEqual(expect.arrayContaining(["sh", "python", "ts"]));
    expect(new Set(recipes.map(({ language }) => language))).toEqual(
      new Set(["sh", "python", "ts", "graphql"]),
    );
  });

  test.each(inLanguage("graphql"))("the document in line $line is valid", ({ code }) => {
    expect(validate(schema, parse(code))).toEqual([]);
  });

  test("the shell's recipes, one after another in one terminal, answer as the page says", async () => {
    const script = inLanguage("sh").flatMap(({ code }) => [code, `printf '%s' '${BREAK}'`]);
    // Whoever goes through the page again meets an answer of the first time nowhere; and an address may end in a slash.
    for (const url of [server.url, `${server.url}/`]) {
      const printed = await run("bash", ["-eu", file("recipes.sh", script.join("\n"))], url);
      for (const [i, text] of printed.split(BREAK).entries()) {
        const recipe = inLanguage("sh")[i];
        if (recipe !== undefined) expectPromised(recipe, text);
      }
      expect(printed.split(BREAK)).toHaveLength(inLanguage("sh").length + 1);
    }
  });

  test.each(inLanguage("python").map((recipe, i) => [i + 1, recipe] as const))(
    "Python's recipe %i needs the standard library alone and prints what the page says",
    async (i, recipe) => {
      for (const url of [server.url, `${server.url}/`])
        expectPromised(recipe, await run("python3", ["-I", file(`recipe-${i}.py`, recipe.code)], url));
    },
  );

  test.each(inLanguage("ts").map((recipe, i) => [i + 1, recipe] as const))(
    "TypeScript's recipe %i runs as it stands and prints what the page says",
    async (i, recipe) => {
      const path = file(`recipe-${i}.mts`, recipe.code);
      for (const url of [server.url, `${server.url}/`])
        expectPromised(recipe, await run(process.execPath, ["--import", "tsx", path], url));
    },
  );
});

const BREAK = "\u001e";
