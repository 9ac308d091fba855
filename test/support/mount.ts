import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether a small disk of a test's own can be mounted: root may, containers often may not. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "besom-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    console.warn("SKIPPED: a tmpfs can't be mounted here (it needs root), so a full disk is not tried");
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
