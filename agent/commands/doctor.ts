import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Command } from "commander";
import { openClient } from "@/client/client";
import { findCredentials, localPath } from "@/client/credentials";
import { isAppError } from "@/core/errors";
import { CheckKey } from "@/graphql/operations";
import { EXIT, type ExitCode } from "../exit-code";
import { run } from "../machine/ask";
import { resolveProgram } from "../machine/interpreter";
import { listGpus } from "../machine/nvidia";
import { VERSION } from "../version";
import type { Terminal } from "./context";
import { askProgram } from "./process";

interface Finding {
  check: string;
  ok: boolean;
  /** What was found, and when it is not well, how to mend it. */
  message: string;
}

const NODE_FLOOR = [20, 19] as const;
/** Metrics carry this machine's clock; the server's own times stand beside them on the pages. */
const MAX_SKEW_MS = 5_000;
const MIN_FREE_BYTES = 1024 ** 3;

export function addDoctor(program: Command, terminal: Terminal, exit: ExitCode): void {
  program
    .command("doctor")
    .description(
      "check node, server, versions, key, clock, disk, python, GPUs and database, and say how to mend what is wrong",
    )
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const findings = [
        checkNode(),
        ...(await checkServer(terminal)),
        checkDisk(),
        await checkPython(terminal),
        await checkGpus(terminal),
        ...(await checkDatabase(terminal)),
      ];
      if (json) terminal.out(JSON.stringify({ version: VERSION, findings }));
      else
        for (const { ok, check, message } of findings)
          terminal.out(`${ok ? "ok  " : "FAIL"}  ${check}: ${message}`);
      if (findings.some(({ ok }) => !ok)) exit.set(EXIT.failed);
    });
}

/** Only where a server lives: a worker has no database, and must not get one by being asked. */
async function checkDatabase(terminal: Terminal): Promise<Finding[]> {
  if (!terminal.env.DATABASE_URL && !existsSync(localPath(terminal.env))) return [];
  const finding: unknown = JSON.parse(await askProgram(terminal, "scripts/doctor.ts"));
  return [finding as Finding];
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1]);
  const message = ok
    ? process.version
    : `${process.version} is too old; install ${NODE_FLOOR.join(".")} or newer`;
  return { check: "node", ok, message };
}

async function checkServer(terminal: Terminal): Promise<Finding[]> {
  const { url, key, from } = findCredentials(terminal.env);
  const client = openClient({ url, ...(key && { key }) });
  try {
    const { viewer, serverInfo } = await client.query(CheckKey, {}, { patienceMs: 3_000 });
    const server = { check: "server", ok: true, message: `${url}, version ${serverInfo.version}` };
    const versions = checkVersions(serverInfo.version, url);
    const identity: Finding = viewer
      ? { check: "key", ok: true, message: `${viewer.name} (from ${from})` }
      : {
          check: "key",
          ok: false,
          message: `the key from ${from} is not known there; run \`npx besom login\``,
        };
    return [server, versions, identity, await checkClock(url)];
  } catch (error) {
    if (!isAppError(error)) throw error;
    const refused = error.code === "UNAUTHENTICATED" || error.code === "FORBIDDEN";
    if (!refused) return [{ check: "server", ok: false, message: error.message }];
    const hint = key
      ? `the key from ${from} is refused: ${error.message}`
      : "there is none for this server; run `npx besom login`";
    return [
      { check: "server", ok: true, message: url },
      { check: "key", ok: false, message: hint },
      await checkClock(url),
    ];
  } finally {
    await client.close();
  }
}

function checkVersions(server: string, url: string): Finding {
  const ok = server === VERSION;
  const way = `npx --yes ${url.replace(/\/+$/, "")}/besom-agent.tgz#${server} fetches the server's`;
  const message = ok ? `both are ${VERSION}` : `this client is ${VERSION}, the server ${server}; ${way}`;
  return { check: "versions", ok, message };
}

/** By the `Date` of an answer, which has a second's resolution, and the middle of the exchange. */
async function checkClock(url: string): Promise<Finding> {
  const startMs = Date.now();
  const date = await fetch(new URL("healthz", url.endsWith("/") ? url : `${url}/`), {
    signal: AbortSignal.timeout(3_000),
  })
    .then((answer) => answer.headers.get("date"))
    .catch(() => null);
  if (!date) return { check: "clock", ok: true, message: "the server does not tell its time" };
  const skewMs = (startMs + Date.now()) / 2 - (Date.parse(date) + 500);
  const seconds = `${Math.abs(skewMs / 1_000).toFixed(1)} s ${skewMs > 0 ? "ahead of" : "behind"} the server's`;
  return Math.abs(skewMs) <= MAX_SKEW_MS
    ? { check: "clock", ok: true, message: "agrees with the server's" }
    : { check: "clock", ok: false, message: `this machine's is ${seconds}; set one of them by NTP` };
}

function checkDisk(): Finding {
  const { bavail, bsize } = statfsSync(tmpdir());
  const free = bavail * bsize;
  const ok = free >= MIN_FREE_BYTES;
  const gigabytes = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${tmpdir()}`;
  return {
    check: "disk",
    ok,
    message: ok ? gigabytes : `${gigabytes}; make room, or set TMPDIR to a larger disk`,
  };
}

/** What `${interpreter}` will be. None is no fault: a sweep may run any program. */
async function checkPython({ env }: Terminal): Promise<Finding> {
  for (const program of ["python", "python3"]) {
    const version = await run(program, ["--version"], env);
    if (version) return { check: "python", ok: true, message: `${version.trim()} (${program})` };
  }
  const message = "none on the PATH; sweeps whose command names another program need none";
  return { check: "python", ok: true, message };
}

async function checkGpus({ env, cwd }: Terminal): Promise<Finding> {
  if (!resolveProgram("nvidia-smi", cwd, env.PATH ?? ""))
    return { check: "gpus", ok: true, message: "none (there is no nvidia-smi)" };
  const gpus = await listGpus(env);
  if (gpus) {
    const names = gpus.map(({ index, name }) => `${index}: ${name}`);
    return { check: "gpus", ok: true, message: names.join("; ") || "none" };
  }
  const message = "nvidia-smi fails or does not answer; often a driver that was updated without a restart";
  return { check: "gpus", ok: false, message };
}
