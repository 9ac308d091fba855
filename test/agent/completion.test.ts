import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ExitCode } from "@/agent/exit-code";
import { main, toProgram } from "@/agent/main";

const quiet = { env: {}, cwd: tmpdir(), out: () => {}, err: () => {}, color: false };

async function completionFor(shell: string): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const terminal = {
    ...quiet,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  return { code: await main(["completion", shell], terminal), out, err };
}

/** What bash offers after these words; a besom on the PATH gives two sweeps, and what a hostile server might. */
function offeredByBash(script: string, words: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "besom-completion-"));
  try {
    writeFileSync(
      join(folder, "besom"),
      '#!/bin/sh\n[ "$1" = sweeps ] && printf "aaaa1111\\n\\$(>hacked)\\nbbbb2222\\n"\n',
    );
    chmodSync(join(folder, "besom"), 0o755);
    writeFileSync(join(folder, "file.yaml"), "");
    const list = words.map((word) => `'${word}'`).join(" ");
    const program = `${script}\nCOMP_WORDS=(besom ${list}); COMP_CWORD=${words.length}; _besom; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env: Record<string, string> = { PATH: `${folder}:${process.env.PATH}` };
    const out = execFileSync("bash", ["-c", program], {
      cwd: folder,
      env: env as NodeJS.ProcessEnv,
      encoding: "utf8",
    });
    expect(existsSync(join(folder, "hacked"))).toBe(false);
    return out.trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("bash completes commands, options, the server's sweeps and files", async () => {
  const { out: script } = await completionFor("bash");
  const commands = toProgram(quiet, new ExitCode()).commands.map((command) => command.name());
  expect(offeredByBash(script, [""])).toEqual(expect.arrayContaining(commands));
  expect(offeredByBash(script, ["wat"])).toEqual(["watch"]);
  expect(offeredByBash(script, ["export", "--fo"])).toEqual(["--format"]);
  expect(offeredByBash(script, ["agent", "b"])).toEqual(["bbbb2222"]);
  expect(offeredByBash(script, ["sweep", "f"])).toEqual(["file.yaml"]);
  expect(offeredByBash(script, ["pause", "aaaa1111", ""])).toEqual(["aaaa1111", "bbbb2222"]);
});

test("every shell's script names every command and option once quoted safely, and another shell is refused", async () => {
  const program = toProgram(quiet, new ExitCode());
  for (const shell of ["bash", "zsh", "fish"]) {
    const { out } = await completionFor(shell);
    for (const command of program.commands) {
      expect(out, shell).toContain(command.name());
      for (const { long, hidden } of command.options)
        if (long && !hidden) expect(out, `${shell} ${command.name()}`).toContain(long.slice(2));
    }
  }
  expect(await completionFor("tcsh")).toMatchObject({
    code: 2,
    err: 'besom: "tcsh" is no shell that besom knows: expected bash, zsh, fish',
  });
});
