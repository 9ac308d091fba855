import { CLONE, type Plan, toAgentWords, toBytes } from "./plan";

export interface RayOptions {
  /** Of each agent; Ray starts one where so many are free. */
  cpus?: string | undefined;
  gpus?: string | undefined;
  mem?: string | undefined;
}

/** A node that Ray loses takes its agents along; each is started again on another so often. */
const RETRIES = 3;

/** A Python program that keeps one Ray task an agent. Ray sets CUDA_VISIBLE_DEVICES of a task, and the agent keeps to it. */
export function toRayProgram(plan: Plan, { cpus = "1", gpus = "0", mem }: RayOptions): string {
  const { sweepId, agents, url } = plan;
  const install = toInstaller(plan);
  const memory = mem === undefined ? "" : `, memory=${toBytes(mem)}`;
  return `"""${agents === 1 ? "One agent" : `${agents} agents`} of Besom's sweep ${sweepId}, a Ray task each. Needs the PyPI package ray.

Run it where the sweep's program lies, with RAY_ADDRESS of the cluster (without it, on this machine). The key is that of
BESOM_API_KEY here, or of ~/.config/besom/credentials.json where a task runs.
"""

import ctypes
import os
import signal
import subprocess
import sys${install ? "\nimport tempfile" : ""}

import ray

AGENTS = ${agents}
URL = os.environ.get("BESOM_URL") or "${url}"
WORDS = ${toPythonList(toAgentWords(plan))}
FOLDER = os.getcwd()


@ray.remote(num_cpus=${cpus}, num_gpus=${gpus}${memory}, max_retries=${RETRIES})
def agent(key):
    env = {**os.environ, "BESOM_URL": URL, **({"BESOM_API_KEY": key} if key else {})}
    cwd = FOLDER if os.path.isdir(FOLDER) else os.getcwd()
${
  install
    ? "    with tempfile.TemporaryDirectory() as folder:\n        return run(install(folder), env, cwd)"
    : `    return run(${toPythonList(CLONE)}, env, cwd)`
}


def run(client, env, cwd):
    process = subprocess.Popen([*client, *WORDS], env=env, cwd=cwd, preexec_fn=die_with_parent)
    # A node that goes away says so: runs are handed back in the time that is left.
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    return process.wait()


def die_with_parent():
    """On Linux the agent ends in peace when Ray kills the process of its task."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)

${install ?? ""}
if __name__ == "__main__":
    ray.init()
    codes = ray.get([agent.remote(os.environ.get("BESOM_API_KEY")) for _ in range(AGENTS)])
    print(f"agents ended with exit codes {codes}")
    sys.exit(max(map(abs, codes)))
`;
}

const toPythonList = (words: readonly string[]): string =>
  `[${words.map((word) => JSON.stringify(word)).join(", ")}]`;

/** The same as agent/launch/plan.ts has it for a shell. */
function toInstaller({ client, version }: Plan): string | undefined {
  if (client === "clone") return undefined;
  const steps =
    client === "node"
      ? `    npm = ["npm", "install", "--prefix", folder, "--loglevel", "error", "--no-audit", "--no-fund"]
    subprocess.run([*npm, f"{URL}/besom-agent.tgz#${version}"], check=True)
    return [f"{folder}/node_modules/.bin/besom"]`
      : `    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-index", "--find-links", f"{URL}/python/", "besom"], check=True)
    return [f"{folder}/bin/besom"]`;
  return `
def install(folder):
    """The server's own client."""
${steps}

`;
}
