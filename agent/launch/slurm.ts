import { CLONE, type Plan, toAgentWords, toInstall } from "./plan";

export interface SlurmOptions {
  partition?: string | undefined;
  /** As Slurm writes it: `4:00:00`, `2-00:00:00`, or minutes. */
  time?: string | undefined;
  /** Of each agent. */
  gpus?: string | undefined;
  cpus?: string | undefined;
  mem?: string | undefined;
  account?: string | undefined;
  /** Agents at the same time. */
  arrayLimit?: number | undefined;
}

/** Before the time limit; the agent stops its runs within 10 s and hands them back, and has a minute for it. */
const NOTICE_S = 60;

/**
 * An array job of which each task is one agent. SIGTERM comes a minute before the time limit, and to the script alone (`B:`), so
 * that the agent is the one that decides; a task that Slurm preempts goes back into Slurm's queue (`--requeue`).
 */
export function toSlurmScript(plan: Plan, options: SlurmOptions): string {
  const { sweepId, agents } = plan;
  const { partition, time, gpus, cpus, mem, account, arrayLimit } = options;
  const directives = {
    "job-name": `besom-${sweepId}`,
    array: `0-${agents - 1}${arrayLimit === undefined ? "" : `%${arrayLimit}`}`,
    output: `besom-${sweepId}-%A_%a.log`,
    "open-mode": "append",
    partition,
    account,
    time,
    gpus,
    "cpus-per-task": cpus,
    mem,
    signal: `B:TERM@${NOTICE_S}`,
  };
  const lines = Object.entries(directives).flatMap(([name, value]) =>
    value === undefined ? [] : [`#SBATCH --${name}=${value}`],
  );
  return [
    "#!/bin/bash",
    ...lines,
    "#SBATCH --requeue",
    "",
    `# ${agents === 1 ? "One agent" : `${agents} agents`} of sweep ${sweepId}: sbatch this file where the sweep's program lies.`,
    "# The key is that of BESOM_API_KEY, or of ~/.config/besom/credentials.json (besom login).",
    "set -euo pipefail",
    `export BESOM_URL="\${BESOM_URL:-${plan.url}}"`,
    `cd "\${SLURM_SUBMIT_DIR:-.}"`,
    "",
    ...toStart(plan),
    "",
  ].join("\n");
}

function toStart(plan: Plan): string[] {
  const words = toAgentWords(plan).join(" ");
  const install = toInstall(plan);
  // The agent takes the script's place: Slurm's signal is its own.
  if (!install) return [`exec ${CLONE.join(" ")} ${words}`];
  return [
    `client=$(mktemp -d)`,
    `trap 'rm -rf "$client"' EXIT`,
    ...install.lines,
    `${install.program} ${words} &`,
    "agent=$!",
    "# Slurm's signal comes to this script, which hands it on and waits for the agent's last words.",
    `trap 'kill -TERM "$agent" 2>/dev/null' TERM`,
    "code=0",
    `wait "$agent" || code=$?`,
    `while kill -0 "$agent" 2>/dev/null; do`,
    "  code=0",
    `  wait "$agent" || code=$?`,
    "done",
    `exit "$code"`,
  ];
}
