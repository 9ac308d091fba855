import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it. Not `mkdir(recursive)`: Node 20 never comes back from that where the system says ENOENT for a
 * folder whose parent is there, as /proc does.
 */
export function makeFolder(dir: string, mode?: number): void {
  try {
    mkdirSync(dir, mode);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") return;
    const parent = dirname(dir);
    if (code !== "ENOENT" || parent === dir) throw error;
    makeFolder(parent, mode);
    mkdirSync(dir, mode);
  }
}
