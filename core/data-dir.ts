import { posix, win32 } from "node:path";

export interface Machine {
  env: Readonly<Record<string, string | undefined>>;
  /** `process.platform` */
  platform: string;
  /** The user's home folder. */
  home: string;
  /** Undefined where the platform has no user ids. */
  uid: number | undefined;
  /** What a relative `BESOM_DATA_DIR` starts from. */
  cwd: string;
}

/**
 * Where everything lives that must outlive the program: the embedded database and the key of this machine.
 * `BESOM_DATA_DIR`, else the user's data folder as the platform has it; never the checkout, where `git clean`
 * would take it. Root gets the system's place instead: the database runs as another user there, and nobody
 * else may enter root's home (mode 700).
 */
export function dataDirOf({ env, platform, home, uid, cwd }: Machine): string {
  const { join, resolve, isAbsolute } = platform === "win32" ? win32 : posix;
  if (env.BESOM_DATA_DIR) return resolve(cwd, env.BESOM_DATA_DIR);
  if (platform === "win32") return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "besom");
  // The XDG rules: a relative path is to be ignored.
  if (env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME)) return join(env.XDG_DATA_HOME, "besom");
  if (uid === 0) return "/var/lib/besom";
  if (platform === "darwin") return join(home, "Library", "Application Support", "besom");
  return join(home, ".local", "share", "besom");
}
