import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleClientTypes } from "../../scripts/lib/client-types";

const ROOT = join(import.meta.dirname, "../..");
const TYPES = join(ROOT, "client/public.d.ts");

test("client/public.d.ts is what the code says: npx tsx scripts/print-client-types.ts writes it anew", () => {
  expect(readFileSync(TYPES, "utf8")).toBe(bundleClientTypes());
});

/** Of somebody who has TypeScript and nothing else; what is wrong in it must be an error. */
const PROGRAM = `
import * as besom from "besom/client";

const run = await besom.init({ project: "mine", config: { lr: 0.1 } });
run.log({ loss: 0.5, images: [1, 2] }, 3);
// @ts-expect-error a step is a number
run.log({ loss: 0.5 }, "3");
await run.finish();

const client = besom.openClient(besom.findCredentials());
const { sweep } = await client.query(besom.BestRun, { id: "abcdefgh" });
const best: number | null | undefined = sweep?.bestRun?.objective;
// @ts-expect-error there is no such field
sweep?.bestRun?.nothing;
// @ts-expect-error the id is missing
await client.query(besom.BestRun, {});

const Mine = besom.toDocument<{ viewer: { name: string } | null }>("query Mine { viewer { name } }");
const { viewer } = await client.query(Mine, {});
const name: string | undefined = viewer?.name;
try {
  await client.mutate(besom.StopSweep, { input: { sweepId: "abcdefgh" } });
} catch (error) {
  if (error instanceof besom.BesomError && error.code === "NOT_FOUND") console.log(error.message, best, name);
}
await client.close();
`;

test("a strict TypeScript program knows the types of runs, operations and errors, without any other package", () => {
  const folder = mkdtempSync(join(tmpdir(), "besom-types-"));
  try {
    const installed = join(folder, "node_modules/besom");
    mkdirSync(installed, { recursive: true });
    copyFileSync(TYPES, join(installed, "client.d.ts"));
    writeFileSync(
      join(installed, "package.json"),
      '{"name":"besom","type":"module","exports":{"./client":{"types":"./client.d.ts"}}}',
    );
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "train.ts"), PROGRAM);
    writeFileSync(
      join(folder, "tsconfig.json"),
      '{"compilerOptions":{"strict":true,"noEmit":true,"module":"nodenext","target":"es2023","types":[]},"files":["train.ts"]}',
    );
    const said = tryToCompile([join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."], folder);
    expect(said).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function tryToCompile(words: readonly string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, words, { cwd, encoding: "utf8" });
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  }
}
