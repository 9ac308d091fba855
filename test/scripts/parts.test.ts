import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** A suite of its own, of which every file is what a case writes. Within the project, so that it finds vitest. */
let folder: string;

beforeEach(() => {
  mkdirSync("node_modules/.cache", { recursive: true });
  folder = mkdtempSync(join("node_modules/.cache", "besom-parts-"));
  const config = { root: process.cwd(), test: { include: [`${folder}/*.test.mjs`], exclude: [] } };
  writeFileSync(join(folder, "vitest.config.mjs"), `export default ${JSON.stringify(config)};`);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** In a process of its own: what these suites print, failures above all, is not this suite's. */
async function run(): Promise<{ passed: number; failed: number; notes: string[] }> {
  const found = join(folder, "found.json");
  const script = `
    import { writeFileSync } from "node:fs";
    import { vitest } from "./scripts/lib/parts.mjs";
    const args = ["--config", ${JSON.stringify(join(folder, "vitest.config.mjs"))}];
    writeFileSync(${JSON.stringify(found)}, JSON.stringify(await vitest(args)));`;
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  return JSON.parse(readFileSync(found, "utf8"));
}

const write = (name: string, body: string) =>
  writeFileSync(
    join(folder, name),
    `import { existsSync, writeFileSync } from "node:fs";
     import { expect, it } from "vitest";
     ${body}`,
  );

describe("counting what vitest found", () => {
  it("asks a file that failed once more, counts what passes then, and says what it said at first", async () => {
    const seen = join(folder, "seen");
    write("good.test.mjs", `it("good", () => {});`);
    write(
      "starved.test.mjs",
      `it("steady", () => {});
       it("starved", () => {
         const before = existsSync(${JSON.stringify(seen)});
         writeFileSync(${JSON.stringify(seen)}, "");
         expect(before).toBe(true);
       });`,
    );
    const file = relative(process.cwd(), join(folder, "starved.test.mjs"));
    expect(await run()).toEqual({
      passed: 3,
      failed: 0,
      notes: [
        `failed at first: ${file} > starved: AssertionError: expected false to be true // Object.is equality`,
      ],
    });
  });

  it("counts what fails twice as failed, and so a file that can't be loaded", async () => {
    write("bad.test.mjs", `it("good", () => {}); it("bad", () => expect(1).toBe(2));`);
    write("unreadable.test.mjs", "it(");
    const { passed, failed, notes } = await run();
    expect({ passed, failed }).toEqual({ passed: 1, failed: 2 });
    expect(notes.filter((each) => each.startsWith("FAILED"))).toHaveLength(2);
  });

  it("asks nothing again where more than three files failed", async () => {
    for (const each of [1, 2, 3, 4]) write(`bad-${each}.test.mjs`, `it("bad", () => expect(1).toBe(2));`);
    const { failed, notes } = await run();
    expect(failed).toBe(4);
    expect(notes.every((each) => each.startsWith("FAILED"))).toBe(true);
  });
});
