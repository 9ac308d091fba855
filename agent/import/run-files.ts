import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file that belongs to a run: what was saved, pictures, tables. */
export interface RunFile {
  /** Its path below the run's folder, with slashes. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * All files below a folder. What the program saved lies there as links to where it was: those are followed to files, never to folders. One that
 * leads to nothing (the folder was copied from another machine) is left out.
 */
export function* listRunFiles(folder: string, below = ""): Generator<RunFile> {
  if (!existsSync(folder)) return;
  const names = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of names) {
    const path = join(folder, entry.name);
    const name = below + entry.name;
    if (entry.isDirectory()) yield* listRunFiles(path, `${name}/`);
    else {
      const found = existsSync(path) ? statSync(path) : undefined;
      if (found?.isFile()) yield { name, path, bytes: found.size };
    }
  }
}
