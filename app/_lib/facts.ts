/** What an attempt was, as its page shows it. Whoever started it wrote the facts: each of them may be missing, or be something else. */
export interface Provenance {
  readonly argv: readonly string[] | undefined;
  /** Name and value, of those that are there. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly git: Git | undefined;
  readonly gpus: readonly string[];
  /** By name. */
  readonly packages: readonly (readonly [name: string, version: string])[];
}

export interface Git {
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  readonly remote: string | undefined;
  readonly dirty: boolean;
  readonly diffBytes: number | undefined;
  readonly diffCut: boolean;
}

export function readFacts(facts: unknown): Provenance {
  const map = toMap(facts);
  const cpu = toMap(map.cpu);
  const [model, count, memory] = [toText(cpu.model), toNumber(cpu.count), toNumber(map.memoryBytes)];
  const cores = count === undefined ? undefined : `${count} ${count === 1 ? "core" : "cores"}`;
  const lines: [string, string | undefined][] = [
    ["Folder", toText(map.cwd)],
    ["Machine", toText(map.host)],
    ["User", toText(map.user)],
    ["System", toText(map.os)],
    ["CPU", [model, cores].filter(Boolean).join(", ") || undefined],
    ["Memory", memory === undefined ? undefined : formatBytes(memory)],
    ["Python", toText(map.python)],
    ["Node", toText(map.node)],
  ];
  return {
    argv: Array.isArray(map.argv) ? map.argv.filter((word) => typeof word === "string") : undefined,
    lines: lines.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    git: readGit(map.git),
    gpus: (Array.isArray(map.gpus) ? map.gpus : []).flatMap(readGpu),
    packages: Object.entries(toMap(map.packages))
      .flatMap(([name, version]) => (typeof version === "string" ? [[name, version] as const] : []))
      .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  };
}

function readGit(value: unknown): Git | undefined {
  const git = toMap(value);
  const read = {
    commit: toText(git.commit),
    branch: toText(git.branch),
    remote: toText(git.remote),
    dirty: git.dirty === true,
    diffBytes: toNumber(git.diffBytes),
    diffCut: git.diffCut === true,
  };
  return read.commit === undefined && read.branch === undefined && !read.dirty ? undefined : read;
}

function readGpu(value: unknown): string[] {
  const { index, name, memoryBytes } = toMap(value);
  const [number, bytes] = [toNumber(index), toNumber(memoryBytes)];
  const text = [toText(name), bytes === undefined ? undefined : formatBytes(bytes)]
    .filter(Boolean)
    .join(", ");
  return text === "" ? [] : [number === undefined ? text : `${number}: ${text}`];
}

export const formatBytes = (bytes: number): string => {
  const [unit, divisor] = UNITS.find(([, size]) => bytes >= size) ?? (["bytes", 1] as const);
  return `${Number((bytes / divisor).toPrecision(3))}\u00a0${unit}`;
};
const UNITS = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

const toMap = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const toText = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
const toNumber = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
