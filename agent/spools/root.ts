import { isAbsolute, join, resolve } from "node:path";
import { homeOf } from "@/client/credentials";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where what the server does not have yet outlives its agent: `BESOM_SPOOL_DIR`, else the user's folder for such state
 * (`$XDG_STATE_HOME`, by default `~/.local/state`).
 */
export function spoolRootOf(env: Env, cwd: string): string {
  if (env.BESOM_SPOOL_DIR) return resolve(cwd, env.BESOM_SPOOL_DIR);
  const home = env.HOME || homeOf();
  if (process.platform === "win32")
    return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "besom", "spool");
  // The XDG rules: a relative path is to be ignored.
  const state = env.XDG_STATE_HOME && isAbsolute(env.XDG_STATE_HOME) ? env.XDG_STATE_HOME : undefined;
  return join(state ?? join(home, ".local", "state"), "besom", "spool");
}
