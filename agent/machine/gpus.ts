import { AppError } from "@/core/errors";
import { type Gpu, listGpus } from "./nvidia";

type Env = Readonly<Record<string, string | undefined>>;

/** A card that a slot gets: what CUDA_VISIBLE_DEVICES calls it, and a word for people. */
export interface Device {
  id: string;
  label: string;
}

const MAX_DEVICES = 1_024;

/**
 * The cards that `--gpus` means: those of a list (`0,1`, `0-3`, `GPU-5ab...`), or all that nvidia-smi knows. Where the agent
 * itself was given some (CUDA_VISIBLE_DEVICES of a batch system), those are all there are.
 * @throws AppError BAD_USAGE when there is none, or the list is no list
 */
export async function findDevices(wanted: string | true, env: Env): Promise<Device[]> {
  const known = await listGpus(env);
  const ids = wanted === true ? ownIds(env, known) : toIds(wanted);
  if (ids.length === 0)
    throw new AppError(
      "BAD_USAGE",
      `--gpus found no GPU here: ${known === undefined ? "nvidia-smi is not there, or fails, or does not answer" : "nvidia-smi names none"}; name them (--gpus 0,1), or leave --gpus out`,
    );
  return ids.map((id) => ({ id, label: toLabel(id, known) }));
}

function ownIds({ CUDA_VISIBLE_DEVICES: own }: Env, known: readonly Gpu[] = []): string[] {
  if (own === undefined) return known.map(({ index }) => String(index));
  const ids = own.split(",").map((id) => id.trim());
  // As the driver reads it: the list ends at the first that is none.
  const end = ids.findIndex((id) => !isDevice(id));
  return end === -1 ? ids : ids.slice(0, end);
}

/** @throws AppError BAD_USAGE */
export function toIds(list: string): string[] {
  const ids = list.split(",").flatMap((part) => {
    const word = part.trim();
    const [, first, last] = /^(\d+)-(\d+)$/.exec(word) ?? [];
    if (first !== undefined && last !== undefined) return toRange(Number(first), Number(last), word);
    if (isDevice(word)) return [word];
    throw new AppError(
      "BAD_USAGE",
      `--gpus ${JSON.stringify(list)} names no GPUs: expected numbers such as 0,1 or 0-3 (or UUIDs, GPU-...), not ${JSON.stringify(word)}`,
    );
  });
  if (new Set(ids).size < ids.length)
    throw new AppError("BAD_USAGE", `--gpus ${JSON.stringify(list)} names a GPU twice`);
  return ids;
}

function toRange(first: number, last: number, word: string): string[] {
  if (last < first || last - first >= MAX_DEVICES)
    throw new AppError(
      "BAD_USAGE",
      `--gpus ${word} is no range: expected a first number and a larger last one`,
    );
  return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
}

const isDevice = (word: string): boolean => /^(?:\d{1,4}|(?:GPU|MIG)-[\w/.-]+)$/.test(word);

function toLabel(id: string, known: readonly Gpu[] | undefined): string {
  const gpu = known?.find(({ index, uuid }) => String(index) === id || uuid === id);
  if (!gpu) return id;
  const memory = gpu.memoryBytes === undefined ? "" : ` ${Math.round(gpu.memoryBytes / 1024 ** 3)} GiB`;
  return `${id}: ${gpu.name}${gpu.name.match(/\d+ ?GB/) ? "" : memory}`;
}
