import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { findCredentials } from "@/client/credentials";
import { AppError } from "@/core/errors";
import { toKubernetesJob } from "../launch/kubernetes";
import { CLIENTS, type ClientKind, checkWord, type Plan, toBytes } from "../launch/plan";
import { toRayProgram } from "../launch/ray";
import { toSlurmScript } from "../launch/slurm";
import { VERSION } from "../version";
import { type Terminal, toCount, toSweepId } from "./context";

interface Flags {
  agents: number;
  slots?: number;
  count?: number;
  client: ClientKind;
  output?: string;
  submit?: boolean;
  gpus?: string;
  cpus?: string;
  mem?: string;
}

interface SlurmFlags extends Flags {
  partition?: string;
  time?: string;
  account?: string;
  arrayLimit?: number;
}

interface KubernetesFlags extends Flags {
  image: string;
  namespace?: string;
  secret: string;
  grace: number;
}

/** `besom launch slurm|kubernetes|ray SWEEP`: writes the job that starts agents, and submits it when asked to. */
export function addLaunch(program: Command, terminal: Terminal): void {
  const launch = program
    .command("launch")
    .description("write the job that starts a sweep's agents on a cluster, and submit it");
  withCommon(launch.command("slurm <sweep>"), "a Slurm array job")
    .option("--partition <name>", "where it runs")
    .option("--time <limit>", "of each agent, as in 4:00:00; runs are handed back a minute before")
    .option("--account <name>", "whom it is charged to")
    .option("--array-limit <n>", "agents at the same time", toCount)
    .action((sweep: string, flags: SlurmFlags) => {
      const plan = toPlan(terminal, sweep, flags);
      return deliver(terminal, flags, toSlurmScript(plan, toWords("slurm", flags)), ["sbatch"]);
    });
  withCommon(launch.command("kubernetes <sweep>"), "a Kubernetes Job")
    .requiredOption("--image <name>", "has the program in its working folder, and Node (or Python)")
    .option("--namespace <name>", "instead of the current one")
    .option("--secret <name>", "the Secret whose api-key is the key", "besom")
    .option("--grace <seconds>", "between SIGTERM and SIGKILL", toCount, 60)
    .action(async (sweep: string, flags: KubernetesFlags) => {
      const { grace: graceSeconds, ...rest } = toWords("kubernetes", flags);
      const job = toKubernetesJob(toPlan(terminal, sweep, flags), { ...rest, graceSeconds });
      const { stringify } = await import("yaml");
      await deliver(terminal, flags, stringify(job, { lineWidth: 0, aliasDuplicateObjects: false }), [
        "kubectl",
        "apply",
        "-f",
        "-",
      ]);
      if (!flags.submit) sayOfSecret(terminal, flags);
    });
  withCommon(launch.command("ray <sweep>"), "a Python program of Ray tasks").action(
    (sweep: string, flags: Flags) => {
      const program = toRayProgram(toPlan(terminal, sweep, flags), toWords("ray", flags));
      return deliver(terminal, flags, program, ["python3", "-"]);
    },
  );
}

function withCommon(command: Command, what: string): Command {
  return command
    .description(`write ${what} that starts agents of a sweep`)
    .option("-a, --agents <n>", "how many", toCount, 1)
    .option("-s, --slots <n>", "runs at the same time in each agent", toCount)
    .option("-n, --count <n>", "runs that each agent starts before it leaves", toCount)
    .addOption(
      new Option("-c, --client <kind>", "the server's for Node, the server's for Python, or the clone there")
        .choices(CLIENTS)
        .default("node"),
    )
    .option("--gpus <n>", "of each agent")
    .option("--cpus <n>", "of each agent")
    .option("--mem <size>", "of each agent, as in 16G")
    .option("-o, --output <file>", "instead of standard output")
    .option("--submit", "submit it, too");
}

function toPlan(terminal: Terminal, sweep: string, flags: Flags): Plan {
  const { url } = findCredentials(terminal.env);
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new AppError(
      "BAD_USAGE",
      `the server's address is ${JSON.stringify(url)}: expected one such as http://sweeps.example.org:3000; set BESOM_URL`,
    );
  const { hostname } = new URL(url);
  if (/^(?:localhost|127\.|\[::1\])/.test(hostname))
    terminal.err(
      `besom: the job asks the server at ${url}, which is each machine's own: set BESOM_URL to an address that they all reach`,
    );
  const { agents, slots, count, client, gpus } = flags;
  const sharesGpus = gpus !== undefined && gpus !== "0" && slots !== undefined;
  return {
    sweepId: toSweepId(sweep),
    agents,
    url: (checkWord("BESOM_URL", url) ?? url).replace(/\/+$/, ""),
    client,
    version: VERSION,
    slots,
    count,
    sharesGpus,
  };
}

/** What the cluster takes for a number: Kubernetes has thousandths of a CPU, Ray fractions of both. */
const NUMBERS = {
  slurm: { gpus: /^[1-9]\d*$|^0$/, cpus: /^[1-9]\d*$/ },
  kubernetes: { gpus: /^[1-9]\d*$|^0$/, cpus: /^\d+(?:\.\d+)?$|^[1-9]\d*m$/ },
  ray: { gpus: /^\d+(?:\.\d+)?$/, cpus: /^\d+(?:\.\d+)?$/ },
} as const;

/** The flags, each text of one word, numbers as numbers. */
function toWords<Given extends Flags>(cluster: keyof typeof NUMBERS, flags: Given): Given {
  for (const [name, value] of Object.entries(flags))
    if (typeof value === "string" && name !== "output") checkWord(`--${name}`, value);
  for (const name of ["gpus", "cpus"] as const)
    if (flags[name] !== undefined && !NUMBERS[cluster][name].test(flags[name]))
      throw new AppError(
        "BAD_USAGE",
        `--${name} is ${JSON.stringify(flags[name])}: expected ${cluster === "ray" ? "a number" : "a whole number"}${cluster === "kubernetes" && name === "cpus" ? ", 0.5 or 500m" : ""}`,
      );
  if (flags.mem !== undefined) toBytes(flags.mem);
  return flags;
}

async function deliver(
  terminal: Terminal,
  { output, submit }: Flags,
  text: string,
  command: readonly string[],
): Promise<void> {
  if (output !== undefined) {
    writeJob(resolve(terminal.cwd, output), text);
    terminal.err(`written to ${output}`);
  } else if (!submit) terminal.out(text.replace(/\n$/, ""));
  if (submit) await run(terminal, command, text);
}

function writeJob(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new AppError(
      "BAD_USAGE",
      `the job can't be written to ${path} (${error instanceof Error ? error.message : error}): name another file, or leave -o out to see it here`,
    );
  }
}

/** Gives the text to the cluster's own program, on its standard input. */
function run(terminal: Terminal, [program = "", ...words]: readonly string[], text: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(program, words, {
      cwd: terminal.cwd,
      env: terminal.env as NodeJS.ProcessEnv,
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdout.setEncoding("utf8").on("data", (piece: string) => terminal.out(piece.replace(/\n$/, "")));
    child.stderr.setEncoding("utf8").on("data", (piece: string) => terminal.err(piece.replace(/\n$/, "")));
    child.once("error", () =>
      fail(
        new AppError(
          "COMMAND_NOT_STARTED",
          `there is no ${program} on this machine: write the job to a file (-o) and submit it where there is one`,
        ),
      ),
    );
    child.once("close", (code) =>
      code === 0
        ? done()
        : fail(
            new AppError(
              "COMMAND_NOT_STARTED",
              `${program} ended with exit code ${code}; what it said stands above`,
            ),
          ),
    );
    child.stdin.on("error", () => {});
    child.stdin.end(text);
  });
}

function sayOfSecret({ err }: Terminal, { secret, namespace }: KubernetesFlags): void {
  const where = namespace === undefined ? "" : ` --namespace ${namespace}`;
  err(
    `the key comes from the Secret ${secret}; this makes it:\n  printf %s "$BESOM_API_KEY" | kubectl create secret generic ${secret}${where} --from-file=api-key=/dev/stdin`,
  );
}
