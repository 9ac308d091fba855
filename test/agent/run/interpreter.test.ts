import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toLocalCommand } from "@/agent/run/interpreter";

function withPath(programs: readonly string[], body: (env: { PATH: string }) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "besom-path-"));
  for (const program of programs) writeFileSync(join(dir, program), "", { mode: 0o755 });
  try {
    body({ PATH: `/nonexistent:${dir}` });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test.runIf(process.platform !== "win32")("the interpreter is python3 where that is all there is", () => {
  const macro = `\${interpreter}`;
  withPath(["python3"], (env) => {
    expect(toLocalCommand([macro, "-u", `x${macro}`], env)).toEqual(["python3", "-u", `x${macro}`]);
    expect(toLocalCommand(null, env)).toEqual([`\${env}`, "python3", `\${program}`, `\${args}`]);
    expect(toLocalCommand(["python", "train.py"], env)).toBeUndefined();
  });
  withPath(["python", "python3"], (env) => expect(toLocalCommand(null, env)).toBeUndefined());
  withPath([], (env) => expect(toLocalCommand(null, env)).toBeUndefined());
});
