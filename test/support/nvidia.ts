import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A PATH on which the first nvidia-smi is a shell script with this text. */
export async function withNvidiaSmi<T>(
  script: string,
  body: (env: { PATH: string }) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "besom-nvidia-"));
  const path = join(dir, "nvidia-smi");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  try {
    return await body({ PATH: `${dir}${delimiter}${process.env.PATH ?? ""}` });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Two cards, as nvidia-smi tells of them. */
export const TWO_CARDS = `
case "$1" in
  *uuid*) echo "0, GPU-aaaa, NVIDIA A100-SXM4-80GB, 81920"; echo "1, GPU-bbbb, Tesla T4, 15360" ;;
  *) echo "0, 93, 40000, 311.25, 66"; echo "1, 0, [N/A], [Not Supported], 31" ;;
esac`;
