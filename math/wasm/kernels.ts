import { KERNELS_BASE64 } from "./kernels-bytes";

/**
 * The inner loops of the dense algebra in WebAssembly, two doubles at a time: 5.4 against 0.77 products a nanosecond in plain
 * TypeScript (blocks of 128 x 24 x 128), and the same bits (see kernels.wat). They work in a memory of their own, so whoever uses them copies
 * n² numbers in and out for n³ products.
 *
 * Where a module can't be compiled (Node's --jitless, a page whose policy forbids it) there are none, and callers run plain loops.
 */
interface Kernels {
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
}

export const kernels: Kernels | null = open();

function open(): Kernels | null {
  try {
    const bytes = Uint8Array.from(atob(KERNELS_BASE64), (letter) => letter.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Kernels;
  } catch {
    return null;
  }
}

/** The kernels' own room at the foot of the memory. */
const OWN_BYTES = 32 * 1024;
const PAGE_BYTES = 64 * 1024;
/** 256 MiB; no matrix of a model comes near. */
const MOST_DOUBLES = 2 ** 25;

/** What is kept ends here; what is lent begins. */
let floor = OWN_BYTES;

/**
 * Room for that many doubles in the kernels' memory, with whatever was there before in it; it is anybody's again at the next call.
 * Null where there are no kernels, or they have not so much.
 */
export function lend(doubles: number): Float64Array | null {
  if (kernels === null || doubles > MOST_DOUBLES) return null;
  return new Float64Array(roomUpTo(kernels.memory, floor + 8 * doubles), floor, doubles);
}

/**
 * The same, but kept until releaseKept(): nothing else is lent there. A view, since an array over a memory that grows is detached.
 */
export function keep(doubles: number): (() => Float64Array) | null {
  const end = floor + 8 * doubles;
  if (kernels === null || end > 8 * MOST_DOUBLES) return null;
  const { memory } = kernels;
  const start = floor;
  floor = end;
  let view = new Float64Array(roomUpTo(memory, end), start, doubles);
  return () => {
    if (view.buffer !== memory.buffer) view = new Float64Array(memory.buffer, start, doubles);
    return view;
  };
}

/** All that was kept is done with. */
export function releaseKept(): void {
  floor = OWN_BYTES;
}

function roomUpTo(memory: WebAssembly.Memory, end: number): ArrayBuffer {
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return memory.buffer;
}
