import { run } from "./ask";

type Env = Readonly<Record<string, string | undefined>>;

/** One graphics card, as far as nvidia-smi tells. */
export interface Gpu {
  index: number;
  uuid: string;
  name: string;
  memoryBytes: number | undefined;
}

/** What one card does at this moment; absent where the card doesn't say. */
export interface GpuLoad {
  index: number;
  /** Percent of the time. */
  use: number | undefined;
  memoryBytes: number | undefined;
  /** Watts. */
  power: number | undefined;
  /** Degrees Celsius. */
  temperature: number | undefined;
}

/** Undefined when there is no nvidia-smi, or it fails or takes too long. */
export async function listGpus(env: Env): Promise<Gpu[] | undefined> {
  const rows = await query("index,uuid,name,memory.total", env);
  return rows?.flatMap(([index, uuid = "", name = "", memory]) => {
    const number = toNumber(index);
    return number === undefined ? [] : [{ index: number, uuid, name, memoryBytes: toBytes(memory) }];
  });
}

export async function readGpuLoads(env: Env): Promise<GpuLoad[] | undefined> {
  const rows = await query("index,utilization.gpu,memory.used,power.draw,temperature.gpu", env);
  return rows?.flatMap(([index, use, memory, power, temperature]) => {
    const number = toNumber(index);
    if (number === undefined) return [];
    return [
      {
        index: number,
        use: toNumber(use),
        memoryBytes: toBytes(memory),
        power: toNumber(power),
        temperature: toNumber(temperature),
      },
    ];
  });
}

async function query(fields: string, env: Env): Promise<string[][] | undefined> {
  const args = [`--query-gpu=${fields}`, "--format=csv,noheader,nounits"];
  const text = await run("nvidia-smi", args, env);
  return text
    ?.split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(",").map((cell) => cell.trim()));
}

/** `[N/A]`, `[Not Supported]` and the like are no numbers. */
function toNumber(cell: string | undefined): number | undefined {
  const value = cell === undefined || cell === "" ? Number.NaN : Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/** nvidia-smi counts memory in MiB. */
function toBytes(cell: string | undefined): number | undefined {
  const value = toNumber(cell);
  return value === undefined ? undefined : value * 1024 * 1024;
}
