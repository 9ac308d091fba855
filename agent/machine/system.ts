import { readFileSync, statfsSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";
import type { SystemSample } from "@/graphql/operations";
import { type GpuLoad, readGpuLoads } from "./nvidia";
import {
  assign,
  PAGE_BYTES,
  type ProcessStat,
  readDiskBytes,
  readProcesses,
  TICKS_A_SECOND,
} from "./processes";

type Env = Readonly<Record<string, string | undefined>>;

export interface WatchedRun {
  /** Its process group. */
  pid: number;
  /** What CUDA_VISIBLE_DEVICES says to it; absent means all cards. */
  device: string | undefined;
  onSample: (sample: SystemSample) => void;
}

export interface SystemOptions {
  cwd: string;
  env: Env;
  /** Whether there are cards to ask about. */
  hasGpus: () => Promise<boolean>;
  tickMs?: number;
}

/** Each run's numbers: after its first second, for a run may be over soon; every 5 s in its first five minutes, every 15 s after that. */
const FIRST_MS = 1_000;
const TICK_MS = 5_000;
const YOUNG_MS = 5 * 60_000;
const OLD_TICKS = 3;
/** nvidia-smi takes 20 to 500 ms of a core. */
const GPU_MS = 10_000;
/** A card's last word counts no longer than this. */
const GPU_STALE_MS = 30_000;

interface Watched extends WatchedRun {
  sinceMs: number;
  ticks: number;
  lastMs: number;
  /** Ticks and bytes of its processes when they were last looked at, by process. */
  before: Map<number, { ticks: number; read: number; written: number }>;
}

/**
 * What the machine and each run's processes do, by one look at /proc for all of them: 12 µs for each process of the
 * machine, so 6 ms each 5 s where there are 500. Elsewhere than on Linux the machine's own numbers alone.
 */
export class System {
  private readonly runs = new Set<Watched>();
  private readonly tickMs: number;
  private timer: NodeJS.Timeout | undefined;
  private cpuBefore = readCpu();
  private loads: { atMs: number; gpus: readonly GpuLoad[] } | undefined;
  private askedGpusMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: SystemOptions) {
    this.tickMs = options.tickMs ?? TICK_MS;
  }

  /** Gives what ends it. */
  watch(run: WatchedRun): () => void {
    const nowMs = performance.now();
    const watched: Watched = { ...run, sinceMs: nowMs, ticks: 0, lastMs: nowMs, before: new Map() };
    this.runs.add(watched);
    this.timer ??= setInterval(() => this.tick(), this.tickMs).unref();
    const first = setTimeout(() => this.tick([watched]), Math.min(FIRST_MS, this.tickMs)).unref();
    return () => {
      clearTimeout(first);
      this.runs.delete(watched);
      if (this.runs.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  private tick(some?: readonly Watched[]): void {
    try {
      this.look(some ?? this.takeDue());
    } catch {
      // A machine that does not tell is no reason to fail a run.
    }
    this.askGpus().catch(() => {});
  }

  private takeDue(): Watched[] {
    const nowMs = performance.now();
    return [...this.runs].filter((run) => ++run.ticks % OLD_TICKS === 0 || nowMs - run.sinceMs < YOUNG_MS);
  }

  private look(due: readonly Watched[]): void {
    if (due.length === 0) return;
    const nowMs = performance.now();
    const timeMs = Date.now();
    const machine = this.readMachine();
    const processes =
      process.platform === "linux"
        ? assign(
            readProcesses(),
            due.map(({ pid }) => pid),
          )
        : undefined;
    for (const run of due) {
      const own = processes?.get(run.pid);
      const values = {
        ...machine,
        ...(own && own.length > 0 && toRunValues(run, own, nowMs)),
        ...this.toGpuValues(run),
      };
      run.lastMs = nowMs;
      run.onSample({ timeMs, values });
    }
  }

  private readMachine(): Record<string, number> {
    const before = this.cpuBefore;
    const now = readCpu();
    this.cpuBefore = now;
    const total = now.total - before.total;
    const { blocks, bavail } = statfsSync(this.options.cwd);
    return {
      ...(total > 0 && { "cpu.machine": round(100 * (1 - (now.idle - before.idle) / total)) }),
      "memory.machine": round(100 * (1 - readAvailable() / totalmem())),
      ...(blocks > 0 && { "disk.machine": round(100 * (1 - bavail / blocks)) }),
    };
  }

  /** Beside everything else: a driver that hangs must not hold up the rest. */
  private async askGpus(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.askedGpusMs < GPU_MS) return;
    this.askedGpusMs = nowMs;
    if (!(await this.options.hasGpus())) return;
    const gpus = await readGpuLoads(this.options.env);
    if (gpus) this.loads = { atMs: performance.now(), gpus };
  }

  private toGpuValues({ device }: WatchedRun): Record<string, number> {
    if (!this.loads || performance.now() - this.loads.atMs > GPU_STALE_MS) return {};
    const own = device?.split(",");
    const values: Record<string, number> = {};
    for (const { index, use, memoryBytes, power, temperature } of this.loads.gpus) {
      if (own && !own.includes(String(index)) && own.every((id) => /^\d+$/.test(id))) continue;
      const named = { "": use, ".memory": memoryBytes, ".power": power, ".temperature": temperature };
      for (const [name, value] of Object.entries(named))
        if (value !== undefined) values[`gpu.${index}${name}`] = value;
    }
    return values;
  }
}

/** Of processes that came since the last look, all they did counts; what one did that is gone is not known. */
function toRunValues(run: Watched, processes: readonly ProcessStat[], nowMs: number): Record<string, number> {
  const seconds = Math.max(0.001, (nowMs - run.lastMs) / 1_000);
  const before = run.before;
  run.before = new Map();
  let ticks = 0;
  let pages = 0;
  let read = 0;
  let written = 0;
  for (const one of processes) {
    const last = before.get(one.pid) ?? { ticks: 0, read: 0, written: 0 };
    const disk = readDiskBytes(one.pid) ?? last;
    ticks += Math.max(0, one.ticks - last.ticks);
    read += Math.max(0, disk.read - last.read);
    written += Math.max(0, disk.written - last.written);
    pages += one.pages;
    run.before.set(one.pid, { ticks: one.ticks, read: disk.read, written: disk.written });
  }
  return {
    cpu: round((100 * ticks) / TICKS_A_SECOND / seconds),
    memory: pages * PAGE_BYTES,
    "disk.read": Math.round(read / seconds),
    "disk.write": Math.round(written / seconds),
  };
}

function readCpu(): { total: number; idle: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { total, idle };
}

/** Free memory is what the kernel would give, its caches included; Node's own number leaves those out before version 22. */
function readAvailable(): number {
  try {
    const [, kilobytes] = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "latin1")) ?? [];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1_024;
  } catch {
    return freemem();
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
