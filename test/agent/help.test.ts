import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "@/agent/main";

const ROOT = join(import.meta.dirname, "../..");
const blocks = [
  ...readFileSync(join(ROOT, "docs/cli.md"), "utf8").matchAll(/```text\n(Usage.*?)\n```/gs),
].map(([, text = ""]) => text);

/** As it is printed where no terminal says how wide it is. */
async function help(words: readonly string[]): Promise<string> {
  let text = "";
  const out = (more: string) => {
    text += `${more}\n`;
  };
  await main([...words, "--help"], { env: {}, cwd: ROOT, out, err: out, color: false });
  return text.trimEnd();
}

test("docs/cli.md shows the help of every command, word for word", async () => {
  const wordsOf = (block: string) =>
    /^Usage: besom((?: [a-z-]+)*) /.exec(block)?.[1]?.trim().split(" ") ?? [];
  const commandOf = (block: string) => wordsOf(block).join(" ");
  for (const block of blocks) expect(block).toEqual(await help(wordsOf(block).filter(Boolean)));
  const commands = [...(blocks[0] ?? "").matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name);
  const shown = blocks
    .slice(1)
    .map(commandOf)
    .filter((words) => !words.includes(" "));
  expect(shown.sort()).toEqual(commands.filter((name) => name !== "help").sort());
});
