import { FRACTIONS } from "../decay";
import { KERNELS_BASE64 } from "./kernels-bytes";

/**
 * The inner loops of the dense algebra in WebAssembly, two doubles at a time: 5.4 against 0.77 products a nanosecond in plain
 * TypeScript (blocks of 128 x 24 x 128), and the same bits (see kernels.wat). They work in a memory of their own, so whoever uses them copies
 * n² numbers in and out for n³ products.
 *
 * Where a module can't be compiled (Node's --jitless, a page whose policy forbids it) there are none, and callers run plain loops.
 */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  subtract(
    c: number,
    cStride: number,
    a: number,
    aStride: number,
    b: number,
    bStride: number,
    rows: number,
    columns: number,
    depth: number,
  ): void;
  solve(l: number, lStride: number, n: number, x: number, xStride: number, rows: number): void;
  subtractFour(
    x: number,
    count: number,
    r: number,
    rStride: number,
    s0: number,
    s1: number,
    s2: number,
    s3: number,
  ): void;
  addScaled(sum: number, from: number, count: number, scale: number): void;
  sumProducts(a: number, b: number, count: number): number;
  matern(q: number, count: number, a: number, slope: number): void;
  covariances(
    x: number,
    dimensions: number,
    w: number,
    kinds: number,
    columns: number,
    columnStride: number,
    count: number,
    a: number,
    q: number,
    slope: number,
  ): void;
  reduce(
    v: number,
    vStride: number,
    rows: number,
    t: number,
    targets: number,
    count: number,
    a: number,
    rest: number,
    base: number,
  ): void;
  lean(c: number, count: number, rows: number, dimensions: number, x: number, out: number): void;
}

/** Where the kernels look for decay's table. */
const FRACTIONS_AT = 24 * 1024;

function open(): Kernels | null {
  try {
    const bytes = Uint8Array.from(atob(KERNELS_BASE64), (letter) => letter.charCodeAt(0));
    const opened = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Kernels;
    new Float64Array(opened.memory.buffer, FRACTIONS_AT).set(FRACTIONS);
    return opened;
  } catch {
    return null;
  }
}

export const kernels: Kernels | null = open();

/** The kernels' own room at the foot of the memory. */
const OWN_BYTES = 32 * 1024;
const PAGE_BYTES = 64 * 1024;
/** Some ten factors of the largest models; it is never given back. */
const MOST_BYTES = 256 * 2 ** 20;

/** What is kept ends here; what is lent begins. */
let floor = OWN_BYTES;

/**
 * Room for that many doubles in the kernels' memory, with whatever was there before in it; it is anybody's again at the next call.
 * Null where there are no kernels, or they have not so much.
 */
export function lend(doubles: number): Float64Array | null {
  const memory = growTo(floor + 8 * doubles);
  return memory && new Float64Array(memory, floor, doubles);
}

/**
 * The same, but kept until releaseKept(): nothing else is lent there. A view, since an array over a memory that grows is detached.
 */
export function keep(doubles: number): (() => Float64Array) | null {
  const start = floor;
  const memory = growTo(start + 8 * doubles);
  if (memory === null) return null;
  floor = start + 8 * doubles;
  let view = new Float64Array(memory, start, doubles);
  return () => {
    const now = kernels?.memory.buffer ?? memory;
    if (view.buffer !== now) view = new Float64Array(now, start, doubles);
    return view;
  };
}

/** All that was kept is done with, or what was kept after that mark. */
export function releaseKept(mark = OWN_BYTES): void {
  floor = mark;
}

/** For releaseKept: so far is kept now. */
export const markKept = (): number => floor;

let whole = new Float64Array(0);

/** All of the memory; addresses are 8 times the places in it. It is another array once the memory has grown. */
export function memoryOf({ memory }: Pick<Kernels, "memory">): Float64Array {
  if (whole.buffer !== memory.buffer) whole = new Float64Array(memory.buffer);
  return whole;
}

/** The memory, with room up to that byte; null where it can't have so much: the host may refuse, too. */
function growTo(end: number): ArrayBuffer | null {
  if (kernels === null || end > MOST_BYTES) return null;
  const { memory } = kernels;
  const missing = end - memory.buffer.byteLength;
  if (missing <= 0) return memory.buffer;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
    return memory.buffer;
  } catch {
    return null;
  }
}
