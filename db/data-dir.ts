import { chmodSync, mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dataDirOf } from "@/core/data-dir";
import { AppError } from "@/core/errors";

/** The data folder of this process: `BESOM_DATA_DIR`, else the platform's place for it (core/data-dir.ts). */
export function dataDir(env: NodeJS.ProcessEnv = process.env): string {
  return dataDirOf({
    env,
    platform: process.platform,
    home: homedir(),
    uid: process.getuid?.(),
    cwd: process.cwd(),
  });
}

/**
 * Makes the folder for its owner alone. Root's stays passable (711), so that the database's own user can go
 * through it to the folder that belongs to him; what lies in it is guarded by each file's mode.
 */
export function makeDataDir(folder: string): void {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  try {
    if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, mode);
    if (!statSync(folder).isDirectory()) throw new Error("it is a file");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      "DATA_DIR_UNREACHABLE",
      `the data folder ${folder} can't be made (${why}): set BESOM_DATA_DIR to a folder that you may write to`,
      { cause, details: { dataDir: folder } },
    );
  }
}
