import { AppError } from "@/core/errors";

/** Where a job's machine gets its agent from: the server's archive for Node, the server's wheel for Python, or a clone that it starts in. */
export const CLIENTS = ["node", "python", "clone"] as const;
export type ClientKind = (typeof CLIENTS)[number];

/** What all clusters are told. */
export interface Plan {
  sweepId: string;
  /** How many agents; each is a task of its own. */
  agents: number;
  /** The server as the job's machines reach it. No key: that comes from the job's environment. */
  url: string;
  client: ClientKind;
  /** Of this program: the job fetches the same. */
  version: string;
  slots?: number | undefined;
  count?: number | undefined;
  /** Whether the agent hands out the GPUs that its task was given. */
  sharesGpus?: boolean | undefined;
}

/** The agent's own words: `agent abcd1234 --slots 2`. */
export function toAgentWords({ sweepId, slots, count, sharesGpus }: Plan): string[] {
  return [
    "agent",
    sweepId,
    ...(slots === undefined ? [] : ["--slots", String(slots)]),
    ...(count === undefined ? [] : ["--count", String(count)]),
    ...(sharesGpus ? ["--gpus"] : []),
  ];
}

/** Shell lines that put the server's client into the folder `$client`, and where its program lies then. */
export interface Install {
  lines: readonly string[];
  program: string;
}

/**
 * Undefined where the clone's own is used. Installed and started by its path, not by `npx`: npx ends at once when it gets a
 * SIGTERM, and leaves the agent behind without a word of it (npm 10).
 */
export function toInstall({ client, version }: Plan): Install | undefined {
  switch (client) {
    case "node":
      return {
        lines: [
          `npm install --prefix "$client" --loglevel error --no-audit --no-fund "$BESOM_URL/besom-agent.tgz#${version}" >&2`,
        ],
        program: `"$client/node_modules/.bin/besom"`,
      };
    case "python":
      return {
        lines: [
          `python3 -m venv "$client"`,
          `"$client/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$BESOM_URL/python/" besom`,
        ],
        program: `"$client/bin/besom"`,
      };
    case "clone":
      return undefined;
  }
}

/** The bin of the clone, in the process that is started. */
export const CLONE = ["node", "scripts/besom.mjs"] as const;

/**
 * What stands in a directive or a manifest is one word: whatever else was typed could be a second directive.
 * @throws AppError BAD_USAGE
 */
export function checkWord(flag: string, value: string | undefined): string | undefined {
  if (value === undefined || /^[\w.:,=+%@/-]+$/.test(value)) return value;
  throw new AppError(
    "BAD_USAGE",
    `${flag} is ${JSON.stringify(value)}: expected one word of letters, digits and .:,=+%@/-`,
  );
}

const UNITS: Readonly<Record<string, bigint>> = { K: 10n, M: 20n, G: 30n, T: 40n };

/**
 * `16G`, `16Gi`, `16GB`: all are multiples of 1,024 here, as in Slurm.
 * @throws AppError BAD_USAGE
 */
export function toBytes(size: string): bigint {
  const [, number, unit] = /^(\d+)(?:([KMGT])i?B?)?$/.exec(size) ?? [];
  if (number === undefined)
    throw new AppError("BAD_USAGE", `--mem is ${JSON.stringify(size)}: expected a size such as 16G`);
  return BigInt(number) << (UNITS[unit ?? ""] ?? 0n);
}
