import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const blocks = [...readFileSync(join(ROOT, "docs/cli.md"), "utf8").matchAll(/```text\n(.*?)\n```/gs)].map(
  ([, text = ""]) => text,
);

test("docs/cli.md shows the help of every command, word for word", async () => {
  const shown = await Promise.all(
    blocks.map(async (block) => {
      const [, command] = /^Usage: besom ([a-z-]+) /.exec(block) ?? [];
      const words = [...(command ? [command] : []), "--help"];
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", "agent/index.ts", ...words],
        {
          cwd: ROOT,
          env: { ...process.env, COLUMNS: "80", NO_COLOR: "1" },
        },
      );
      return stdout.trimEnd();
    }),
  );
  expect(blocks).toEqual(shown);
  const commands = [...(blocks[0] ?? "").matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name);
  const documented = blocks.slice(1).map((block) => /^Usage: besom ([a-z-]+)/.exec(block)?.[1]);
  expect(documented.sort()).toEqual(commands.filter((name) => name !== "help").sort());
});
