import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "@/db/embedded/postmaster";
import { until } from "./world";

/** A Slurm of one machine. */
export interface Slurm {
  /** What its commands (sbatch, squeue) need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  run(command: string, ...words: string[]): Promise<string>;
}

/** Why there is none here; undefined when there can be one. */
export function whyNoSlurm(): string | undefined {
  const missing = ["slurmctld", "slurmd", "munged", "sbatch"].filter(
    (name) => !["/usr/sbin", "/usr/bin"].some((folder) => existsSync(join(folder, name))),
  );
  if (missing.length > 0)
    return `${missing.join(", ")} missing (apt-get install --no-install-recommends slurm-wlm munge)`;
  return process.getuid?.() === 0 ? undefined : "slurmd wants to be root";
}

/** Its daemons, with a configuration of their own; all of it goes when `body` is over. */
export async function withSlurm(folder: string, body: (slurm: Slurm) => Promise<void>): Promise<void> {
  const env = { SLURM_CONF: join(folder, "slurm.conf") };
  const all = { PATH, NODE_ENV: "test" as const, ...env };
  const daemons: ChildProcess[] = [];
  const start = (program: string, words: string[]) => {
    daemons.push(spawn(program, words, { cwd: folder, env: all, stdio: "ignore", detached: true }));
  };
  const run = async (command: string, ...words: string[]) =>
    (await promisify(execFile)(command, words, { env: all })).stdout.trim();
  try {
    await configure(folder);
    const munge = join(folder, "munge");
    const files = ["socket", "key", "pid", "log", "seed"].map(
      (name) => `--${name}${name === "socket" ? "" : "-file"}=${join(munge, name)}`,
    );
    start("runuser", ["-u", "munge", "--", "munged", "--foreground", "--force", ...files]);
    await until(
      async () => existsSync(join(munge, "socket")),
      10_000,
      () => "munged does not start",
    );
    start("slurmctld", ["-D"]);
    start("slurmd", ["-D"]);
    const isReady = async () => (await run("sinfo", "-h", "-o", "%t").catch(() => "")) === "idle";
    await until(isReady, 30_000, () => `slurm does not start: see ${folder}`);
    await body({ env, run });
    await run("scancel", "--user=root").catch(() => "");
  } finally {
    for (const { pid } of daemons.reverse()) if (pid !== undefined) kill(-pid);
  }
}

const PATH = `/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH}`;

async function configure(folder: string): Promise<void> {
  const name = hostname().split(".")[0] ?? "localhost";
  for (const part of ["state", "spool", "munge"]) mkdirSync(join(folder, part), { recursive: true });
  // munged looks at each folder above its socket.
  chmodSync(folder, 0o755);
  const key = join(folder, "munge/key");
  writeFileSync(key, randomBytes(1024), { mode: 0o400 });
  await promisify(execFile)("chown", ["-R", "munge", join(folder, "munge")]);
  writeFileSync(
    join(folder, "slurm.conf"),
    `ClusterName=besom
SlurmctldHost=${name}(127.0.0.1)
SlurmctldPort=${await freePort(undefined)}
SlurmdPort=${await freePort(undefined)}
AuthInfo=socket=${folder}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=batch_sched_delay=0,sched_interval=1
NodeName=${name} NodeAddr=127.0.0.1 CPUs=2 RealMemory=500 State=UNKNOWN
PartitionName=test Nodes=${name} Default=YES State=UP
`,
  );
}

function kill(group: number): void {
  try {
    process.kill(group, "SIGKILL");
  } catch {
    // gone already
  }
}
