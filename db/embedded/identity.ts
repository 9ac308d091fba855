import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";

/** Who the database's processes run as; undefined means: as we do. */
export interface Identity {
  uid: number;
  gid: number;
  name: string;
}

/** Debian's and macOS' accounts for the purpose, then the account that owns nothing. */
const CANDIDATES = ["postgres", "_postgres", "nobody"];
/** `nobody` where no name can be looked up. */
const NOBODY = 65534;

/**
 * PostgreSQL refuses to run as root, so root runs it as somebody else: the one who owns the cluster already,
 * else the first account of the list that exists.
 * @param cluster the folder that belongs to the database's user, made or not
 */
export function databaseIdentity(cluster: string): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = lstatSync(cluster, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, name: `uid ${owner.uid}` };
  for (const name of CANDIDATES) {
    const uid = lookUp("-u", name);
    const gid = lookUp("-g", name);
    if (uid !== undefined && gid !== undefined) return { uid, gid, name };
  }
  return { uid: NOBODY, gid: NOBODY, name: `uid ${NOBODY}` };
}

function lookUp(flag: "-u" | "-g", name: string): number | undefined {
  try {
    const id = Number(
      execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
    return Number.isInteger(id) && id > 0 ? id : undefined;
  } catch {
    return undefined;
  }
}

/** A process by its number and, where the kernel tells, by when it began: numbers are used again. */
export interface ProcessMark {
  pid: number;
  began: string | undefined;
}

export const markOf = (pid: number): ProcessMark => ({ pid, began: beganAt(pid) });

export function isAlive({ pid, began }: ProcessMark): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = beganAt(pid);
  if (now === ENDED) return false;
  return began === undefined || now === undefined || now === began;
}

/** A zombie has ended, its parent has only not looked yet; in a container nobody may ever look. */
const ENDED = "ended";

/** Clock ticks since boot, field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? ENDED : fields[19];
  } catch {
    return undefined;
  }
}
