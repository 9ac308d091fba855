import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";

/** SHA-256 of files by their names and bytes, as hexadecimal text. */
export function digestFiles(paths: readonly string[]): string {
  const digest = createHash("sha256");
  const chunk = Buffer.allocUnsafe(1 << 20);
  for (const path of paths) {
    digest.update(`${basename(path)}\0`);
    const file = openSync(path, "r");
    try {
      for (let length = -1; length !== 0; ) {
        length = readSync(file, chunk, 0, chunk.length, null);
        digest.update(chunk.subarray(0, length));
      }
    } finally {
      closeSync(file);
    }
    digest.update("\0");
  }
  return digest.digest("hex");
}
