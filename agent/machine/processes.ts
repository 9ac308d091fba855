import { readdirSync, readFileSync } from "node:fs";

/** What /proc says of one process. Times are in ticks of 10 ms, memory in pages. */
export interface ProcessStat {
  pid: number;
  parent: number;
  group: number;
  ticks: number;
  pages: number;
}

/** Linux has counted in hundredths of a second for user space since 2.6, whatever its own clock does. */
export const TICKS_A_SECOND = 100;
/** 4 KiB, but 16 or 64 on some ARM machines: our own memory in bytes and in pages tells. */
export const PAGE_BYTES = readPageBytes();

function readPageBytes(): number {
  try {
    const pages = Number(readFileSync("/proc/self/statm", "latin1").split(" ")[1]);
    return 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) || 4_096;
  } catch {
    return 4_096;
  }
}

/** All processes that can be seen. Some 12 µs each. */
export function readProcesses(): ProcessStat[] {
  return readdirSync("/proc").flatMap((name) => {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) return [];
    const stat = readStat(name);
    return stat ? [stat] : [];
  });
}

/** `pid (name) state parent group ...`; the name may hold spaces and parentheses. */
function readStat(name: string): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [, parent, group] = fields;
    return {
      pid: Number(name),
      parent: Number(parent),
      group: Number(group),
      ticks: Number(fields[11]) + Number(fields[12]),
      pages: Number(fields[21]),
    };
  } catch {
    return undefined;
  }
}

/** Bytes that a process has read from and written to disks; undefined for what is gone, and for other users'. */
export function readDiskBytes(pid: number): { read: number; written: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/io`, "latin1");
    const [, read] = /^read_bytes: (\d+)/m.exec(text) ?? [];
    const [, written] = /^write_bytes: (\d+)/m.exec(text) ?? [];
    return { read: Number(read), written: Number(written) };
  } catch {
    return undefined;
  }
}

/** The processes of each root: those of its group, and all that descend from one of these, wherever they went. */
export function assign(
  processes: readonly ProcessStat[],
  roots: readonly number[],
): Map<number, ProcessStat[]> {
  const owners = new Map<number, number>();
  const rootSet = new Set(roots);
  const byPid = new Map(processes.map((one) => [one.pid, one]));
  const ownerOf = (one: ProcessStat | undefined, depth: number): number | undefined => {
    if (!one || depth > MAX_DEPTH) return undefined;
    const known = owners.get(one.pid);
    if (known !== undefined) return known;
    const owner = rootSet.has(one.group) ? one.group : ownerOf(byPid.get(one.parent), depth + 1);
    if (owner !== undefined) owners.set(one.pid, owner);
    return owner;
  };
  const found = new Map<number, ProcessStat[]>(roots.map((root) => [root, []]));
  for (const one of processes) {
    const owner = ownerOf(one, 0);
    if (owner !== undefined) found.get(owner)?.push(one);
  }
  return found;
}

const MAX_DEPTH = 64;
