import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addLaunch } from "@/agent/commands/launch";
import { CLIENTS } from "@/agent/launch/plan";
import { isAppError } from "@/core/errors";
import { hasPython } from "../support/python";

interface Typed {
  out: string;
  err: string;
  refusal?: string;
}

async function launch(words: string, more: Record<string, string> = {}, cwd = tmpdir()): Promise<Typed> {
  const typed: Typed = { out: "", err: "" };
  const nowhere = join(tmpdir(), "besom-nowhere");
  const terminal = {
    env: {
      PATH: process.env.PATH,
      XDG_CONFIG_HOME: nowhere,
      BESOM_DATA_DIR: nowhere,
      BESOM_URL: "http://sweeps.example.org:3000",
      BESOM_API_KEY: KEY,
      ...more,
    },
    cwd,
    out: (text: string) => {
      typed.out += `${text}\n`;
    },
    err: (text: string) => {
      typed.err += `${text}\n`;
    },
    color: false,
  };
  const program = new Command("besom").exitOverride().configureOutput({ writeErr: terminal.err });
  addLaunch(program, terminal);
  await program.parseAsync(["launch", ...words.split(" ")], { from: "user" }).catch((error: unknown) => {
    if (!isAppError(error) && !(error instanceof Error)) throw error;
    typed.refusal = error.message;
  });
  return typed;
}

const KEY = `besom-${"k".repeat(43)}`;
const SWEEP = "ada/digits/abcd1234";
const FULL =
  "--agents 16 --partition gpu --time 4:00:00 --gpus 2 --cpus 8 --mem 32G --account lab --array-limit 4 --slots 2 --count 5";

test.each(CLIENTS)("a Slurm array job whose agents come from %s", async (client) => {
  const { out, err } = await launch(`slurm ${SWEEP} ${FULL} --client ${client}`);
  expect(err).toBe("");
  expect(out).toMatchSnapshot();
  execFileSync("bash", ["-n"], { input: out });
});

test.each(CLIENTS)("a Kubernetes Job whose agents come from %s", async (client) => {
  const { out, err } = await launch(
    `kubernetes ${SWEEP} --agents 4 --image registry.example.org/digits:1 --gpus 1 --cpus 4 --mem 16Gi --namespace lab --client ${client}`,
  );
  expect(err).toContain("kubectl create secret generic besom --namespace lab --from-file=api-key=/dev/stdin");
  expect(out).toMatchSnapshot();
});

test.each(CLIENTS)("a program of Ray tasks whose agents come from %s", async (client) => {
  const { out } = await launch(`ray ${SWEEP} --agents 3 --gpus 0.5 --mem 2G --client ${client}`);
  expect(out).toMatchSnapshot();
  if (hasPython())
    execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: out });
});

test("a key stands in no generated file", async () => {
  for (const words of [`slurm ${SWEEP}`, `kubernetes ${SWEEP} --image x`, `ray ${SWEEP}`])
    for (const client of CLIENTS) {
      const { out, err } = await launch(`${words} --client ${client}`);
      expect(out).toContain("abcd1234");
      expect(out + err).not.toContain(KEY);
    }
});

test("what would be a second directive, or no size, is refused; a server that only this machine reaches is told", async () => {
  expect((await launch(`slurm ${SWEEP} --partition gpu\n#SBATCH`)).refusal).toContain(
    '--partition is "gpu\\n#SBATCH"',
  );
  expect((await launch(`slurm ${SWEEP} --gpus two`)).refusal).toContain(
    '--gpus is "two": expected a whole number',
  );
  // Each would be a broken job: Ray's is a Python program, and only Kubernetes has thousandths of a CPU.
  expect((await launch(`ray ${SWEEP} --cpus 500m`)).refusal).toContain('--cpus is "500m": expected a number');
  expect((await launch(`slurm ${SWEEP} --cpus 0.5`)).refusal).toContain("expected a whole number");
  expect((await launch(`slurm ${SWEEP}`, { BESOM_URL: "sweeps:3000" })).refusal).toContain(
    'the server\'s address is "sweeps:3000": expected one such as',
  );
  expect((await launch(`slurm ${SWEEP} -o nowhere/job.sh`)).refusal).toContain("name another file");
  expect((await launch(`ray ${SWEEP} --mem much`)).refusal).toContain("expected a size such as 16G");
  expect((await launch("slurm nothing")).refusal).toContain('"nothing" is no sweep');
  expect((await launch(`slurm ${SWEEP}`, { BESOM_URL: 'http://h"; rm -rf /' })).refusal).toBeDefined();
  expect((await launch(`kubernetes ${SWEEP}`)).refusal).toContain("--image");
  expect((await launch(`slurm ${SWEEP}`, { BESOM_URL: "http://localhost:3000" })).err).toContain(
    "set BESOM_URL to an address that they all reach",
  );
});

test("-o writes a file, --submit needs the cluster's own program", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "besom-launch-"));
  try {
    const { out, err } = await launch(`slurm ${SWEEP} -o job.sh`, {}, cwd);
    expect([out, err]).toEqual(["", "written to job.sh\n"]);
    expect(readFileSync(join(cwd, "job.sh"), "utf8")).toContain("#SBATCH --array=0-0\n");
    const { refusal } = await launch(`slurm ${SWEEP} --submit`, { PATH: cwd }, cwd);
    expect(refusal).toContain("there is no sbatch on this machine");
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
