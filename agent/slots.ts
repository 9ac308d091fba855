/** A place for one run at a time. */
export interface Slot {
  /** From 0. */
  index: number;
  /** What CUDA_VISIBLE_DEVICES is there; absent when the agent hands out no devices. */
  device: string | undefined;
}

/**
 * The agent's places, the lowest free one first. Devices are shared out evenly: with more places than devices each is given to
 * as many of them as to any other (or one less), with fewer each place has several.
 */
export class Slots {
  private readonly free: Slot[];

  constructor(
    readonly count: number,
    devices: readonly string[] = [],
  ) {
    this.free = Array.from({ length: count }, (_, index) => ({
      index,
      device: toDevice(index, count, devices),
    }));
  }

  get size(): number {
    return this.free.length;
  }

  /** @throws when none is free */
  take(): Slot {
    const slot = this.free.shift();
    if (!slot) throw new Error(`all ${this.count} slots are taken`);
    return slot;
  }

  give(slot: Slot): void {
    this.free.push(slot);
    this.free.sort((a, b) => a.index - b.index);
  }
}

function toDevice(index: number, count: number, devices: readonly string[]): string | undefined {
  if (devices.length === 0) return undefined;
  if (count >= devices.length) return devices[index % devices.length];
  const from = Math.floor((index * devices.length) / count);
  return devices.slice(from, Math.floor(((index + 1) * devices.length) / count)).join(",");
}
