import { readdirSync, readFileSync } from "node:fs";

/** Process groups: a child and all it started, as long as they don't leave. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === "win32" ? group : -group, signal);
  } catch {
    // gone already
  }
}

/** Whether anything in the group still runs. A zombie does not: where nobody reaps (containers), it stays for ever. */
export function isGroupAlive(group: number): boolean {
  if (process.platform === "win32") return false;
  try {
    process.kill(-group, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return process.platform === "linux" ? hasLiveMember(group) : true;
}

function hasLiveMember(group: number): boolean {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = readStat(pid);
    if (stat?.group === group && stat.state !== "Z" && stat.state !== "X") return true;
  }
  return false;
}

/** `pid (name) state parent group ...`; the name may hold spaces and parentheses. */
function readStat(pid: string): { state: string; group: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", , group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, group: Number(group) };
  } catch {
    return undefined;
  }
}
