import type { AttemptFacts } from "@/graphql/operations";

/** What the server keeps of them is 64 KiB. */
const MAX_FACTS_BYTES = 60_000;

/**
 * A W&B client's `wandb-metadata.json` (or its record) and `requirements.txt`, as what we know of an attempt. What is of another shape
 * than the client writes is left out.
 */
export function toFacts(metadata: unknown, requirements = ""): AttemptFacts {
  const given = asObject(metadata);
  const [executable, program] = [textOf(given.executable), textOf(given.program)];
  const cpuCount = numberOf(given.cpu_count_logical) ?? numberOf(given.cpu_count);
  const git = asObject(given.git);
  const [remote, commit] = [textOf(git.remote), textOf(git.commit)];
  const memoryBytes = toBytes(numberOf(asObject(given.memory).total));
  const packages = readRequirements(requirements);
  const [cwd, host, user] = [textOf(given.root), textOf(given.host), textOf(given.username)];
  const [os, python] = [textOf(given.os), textOf(given.python)?.replace(/^CPython /, "")];
  const gpus = gpusOf(given);
  const facts: AttemptFacts = {
    ...(program && { argv: [...(executable ? [executable] : []), program, ...textsOf(given.args)] }),
    ...(cwd && { cwd }),
    ...(host && { host }),
    ...(user && { user }),
    ...(os && { os }),
    ...(cpuCount !== undefined && { cpu: { count: cpuCount } }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(python && { python }),
    ...((remote || commit) && { git: { ...(remote && { remote }), ...(commit && { commit }) } }),
    ...(gpus.length > 0 && { gpus }),
  };
  const whole = Object.keys(packages).length > 0 ? { ...facts, packages } : facts;
  if (sizeOf(whole) <= MAX_FACTS_BYTES) return whole;
  if (sizeOf(facts) <= MAX_FACTS_BYTES) return facts;
  const { argv: _, ...rest } = facts;
  return sizeOf(rest) <= MAX_FACTS_BYTES ? rest : {};
}

/** Clients before 0.17 wrote gibibytes, which no machine has a million of; 0 is what a client writes that could not tell. */
function toBytes(total: number | undefined): number | undefined {
  if (total === undefined || total <= 0) return undefined;
  return Math.round(total < 1e6 ? total * 2 ** 30 : total);
}

const sizeOf = (facts: AttemptFacts): number => Buffer.byteLength(JSON.stringify(facts));

function gpusOf(given: Record<string, unknown>): { index: number; name?: string; memoryBytes?: number }[] {
  const listed = Array.isArray(given.gpu_nvidia) ? given.gpu_nvidia.slice(0, 64).map(asObject) : [];
  const name = textOf(given.gpu);
  const counted = listed.length > 0 || !name ? 0 : Math.min(64, numberOf(given.gpu_count) ?? 1);
  const gpus = listed.length > 0 ? listed : Array.from({ length: counted }, () => ({ name }));
  return gpus.map((gpu: Record<string, unknown>, index) => {
    const [called, memoryBytes] = [textOf(gpu.name), numberOf(gpu.memoryTotal)];
    return { index, ...(called && { name: called }), ...(memoryBytes !== undefined && { memoryBytes }) };
  });
}

/** Lines `name==version`; what comes from elsewhere (`name @ file:///...`) has no version to tell. */
function readRequirements(text: string): Record<string, string> {
  const packages: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, version] = /^([A-Za-z0-9._-]+)==([^\s;]+)/.exec(line) ?? [];
    if (name !== undefined && version !== undefined) packages[name] = version;
  }
  return packages;
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
/** Numbers beyond 32 bits are texts in JSON that protobuf wrote. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
