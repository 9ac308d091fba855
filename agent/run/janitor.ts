import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Sees to it that no training process outlives the agent, not even one that is killed with SIGKILL.
 *
 * One tiny shell (1 MB, once an agent) reads from a pipe which process groups live; when the pipe ends, because the
 * agent did, however it did, it kills those that are left. On Linux it then also kills every process that carries
 * the agent's mark in its environment: grandchildren that made a session of their own, and a child started in the
 * very moment of the agent's death. Judged against the alternatives: a Node wrapper for each run costs 40 ms and
 * 40 MB each; `setpriv --pdeathsig` needs util-linux, reaches only the child itself, and runs lost the race against
 * an agent that dies before it is set. Elsewhere than Linux the groups are killed, a daemonised grandchild is not;
 * on Windows, and without /bin/sh, nothing is.
 */
export class Janitor {
  /** What a child's environment must carry. */
  readonly mark = { name: MARK, value: randomBytes(12).toString("hex") };
  /** For the files of runs, mode 700; goes with the agent, however that ends. */
  readonly folder = mkdtempSync(join(tmpdir(), "besom-agent-"));
  private readonly groups = new Set<number>();
  private shell: ChildProcess | undefined;
  private closed = false;

  constructor(private readonly onTrouble: (message: string) => void) {
    if (process.platform !== "win32") this.start();
  }

  add(group: number): void {
    this.groups.add(group);
    this.tell(`+ ${group}`);
  }

  /** Only when nothing of the group lives: its number may be given to strangers from then on. */
  remove(group: number): void {
    this.groups.delete(group);
    this.tell(`- ${group}`);
  }

  /** In good order: every run has ended, and agent/run/strays.ts took what it left. */
  close(): void {
    this.closed = true;
    this.tell(".");
    this.shell?.stdin?.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private start(): void {
    const shell = spawn(
      "/bin/sh",
      ["-c", SCRIPT, "besom-janitor", `${MARK}=${this.mark.value}`, this.folder],
      {
        // A session of its own: Ctrl-C in the terminal, and a kill of the agent's group, must not reach it.
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
        cwd: "/",
        env: BARE_ENV as NodeJS.ProcessEnv,
      },
    );
    this.shell = shell;
    shell.stdin.on("error", () => {});
    shell.on("error", (error) => {
      this.shell = undefined;
      this.onTrouble(
        `no watcher for orphans (${error.message}): if this agent is killed with SIGKILL, its runs go on`,
      );
    });
    shell.on("exit", () => {
      if (this.closed || this.shell !== shell) return;
      // Somebody killed it: the next one learns what lives.
      this.start();
      for (const group of this.groups) this.tell(`+ ${group}`);
    });
    shell.unref();
    // The pipe alone must not keep a finished agent alive.
    if ("unref" in shell.stdin && typeof shell.stdin.unref === "function") shell.stdin.unref();
  }

  private tell(line: string): void {
    this.shell?.stdin?.write(`${line}\n`);
  }
}

const MARK = "BESOM_AGENT_MARK";
const BARE_ENV: Readonly<Record<string, string>> = { PATH: process.env.PATH ?? "/usr/bin:/bin" };

/**
 * Numbers and the folder only ever reach the shell as data, never as code. The scan is repeated, since a process that forks while
 * it is killed may leave one more behind.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
    .) exit 0 ;;
  esac
done
for group in $groups; do kill -KILL -- "-$group" 2>/dev/null; done
for round in 1 2 3; do
  [ -d /proc/self ] || break
  for file in $(grep -lF -- "$1" /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}
    pid=\${pid%/environ}
    [ "$pid" = "$$" ] || kill -KILL "$pid" 2>/dev/null
  done
  sleep 0.1 2>/dev/null || sleep 1
done
rm -rf -- "$2"
`;
