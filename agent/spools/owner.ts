import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Which process a folder belongs to. A number alone is given to strangers once its process is gone. */
export interface Owner {
  host: string;
  /** Which boot of the machine and which container: numbers of one mean nothing in another. */
  space: string;
  pid: number;
  /** When it started, in whatever the system tells. */
  start: string;
}

export function thisOwner(): Owner {
  return { host: hostname(), space: readSpace(), pid: process.pid, start: startOf(process.pid) ?? "" };
}

/** Undefined when that can't be told from here. */
export function isAlive({ host, space, pid, start }: Owner): boolean | undefined {
  if (host !== hostname() || space !== readSpace()) return undefined;
  return startOf(pid) === start;
}

function readSpace(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

/** Undefined when there is no such process; a zombie is none. */
export function startOf(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      timeout: 2_000,
    }).trim();
  } catch {
    return undefined;
  }
}
