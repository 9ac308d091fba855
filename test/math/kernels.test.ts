import { expect, test, vi } from "vitest";
import { drawUnit, openStream } from "@/math/random";
import { assemble } from "@/math/wasm/assemble";
import { kernels, lend } from "@/math/wasm/kernels";
import { KERNELS_BASE64 } from "@/math/wasm/kernels-bytes";

/** The WebAssembly kernels against the plain loops: the same bits, or a search would go another way on another machine. */

test("the module that is run is the source that is read, assembled", async () => {
  expect(await assemble()).toBe(KERNELS_BASE64);
});

test("there are kernels here, and what they lend keeps numbers while it grows", () => {
  expect(kernels).not.toBeNull();
  lend(10)?.fill(7);
  const more = lend(3_000_000);
  expect(more?.length).toBe(3_000_000);
  expect([...(more?.subarray(0, 10) ?? [])]).toEqual(Array.from({ length: 10 }, () => 7));
  expect(lend(2 ** 26)).toBeNull();
});

/** Factor, inverse and solutions of one system, with kernels or without. */
async function results(n: number, count: number, isPlain: boolean): Promise<Float64Array[]> {
  vi.resetModules();
  if (isPlain)
    vi.doMock("@/math/wasm/kernels", () => ({ kernels: null, lend: () => null, keep: () => null }));
  else vi.doUnmock("@/math/wasm/kernels");
  const { cholesky, inverseFromCholesky } = await import("@/math/cholesky");
  const { keepFactor, solveLowerMany } = await import("@/math/triangular");
  expect((await import("@/math/wasm/kernels")).kernels === null).toBe(isPlain);
  const stream = openStream(`${n}`, ["kernels"]);
  const unit = (i: number): number => drawUnit(stream, BigInt(i)) - 0.5;
  const stride = n + 3;
  const L = new Float64Array(n * stride);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) L[i * stride + j] = i === j ? n : unit(i * n + j);
  const X = Float64Array.from({ length: count * n }, (_, i) => unit(n * n + i));
  expect(cholesky(L, n, { stride })).toEqual({ ok: true, jitter: 0 });
  for (let i = 0; i < n; i++) L.fill(0, i * stride + i + 1, (i + 1) * stride);
  const inverse = inverseFromCholesky(L, n, stride);
  const kept = keepFactor(L, n, stride);
  const one = X.slice(0, n);
  // the memory grows beneath what is kept
  (await import("@/math/wasm/kernels")).lend(5_000_000)?.fill(1);
  kept.solve(one);
  const back = X.slice(0, n);
  solveLowerMany(L, n, stride, X, count);
  kept.solveTransposed(back);
  return [L, inverse, X, one, back];
}

test.each([
  [24, 4],
  [25, 5],
  [47, 130],
  [130, 300],
  [203, 7],
  [301, 129],
])("%i unknowns and %i right-hand sides come out as by plain loops, to the bit", async (n, count) => {
  const plain = await results(n, count, true);
  const quick = await results(n, count, false);
  for (const [i, each] of plain.entries())
    expect(Buffer.from(quick[i]?.buffer as ArrayBuffer).equals(Buffer.from(each.buffer as ArrayBuffer))).toBe(
      true,
    );
});

test("a search proposes the same bytes with kernels and without", async () => {
  const { parseSweepConfig } = await import("@/core/sweep-config");
  const { config } = parseSweepConfig(`method: bayes
metric: {name: loss, goal: minimize}
parameters:
  a: {min: 0.0, max: 1.0}
  b: {distribution: int_uniform, min: 1, max: 40}
  c: {values: [x, y, z]}
  d: {min: 0.0, max: 1.0, when: {c: [x, y]}}
  e: {distribution: q_log_uniform_values, min: 1.0, max: 100.0, q: 2, when: {c: z}}
`);
  if (!config) throw new Error("the test's own sweep file is wrong");
  const play = async (isPlain: boolean): Promise<string> => {
    vi.resetModules();
    if (isPlain)
      vi.doMock("@/math/wasm/kernels", () => ({
        kernels: null,
        lend: () => null,
        keep: () => null,
        releaseKept: () => undefined,
        markKept: () => 0,
      }));
    else vi.doUnmock("@/math/wasm/kernels");
    const { bayes } = await import("@/compute/search/bayes");
    const { simulate } = await import("@/compute/search/simulate");
    const { proposals } = simulate(
      bayes.open({ config, seed: "kernels" }),
      ({ a, b, c, d = 0.5 }) => ({
        objectives: [(Number(a) - 0.3) ** 2 + Number(b) / 40 + (c === "y" ? 0 : 0.2) + 0.1 * Number(d)],
      }),
      { agents: 5, runs: 45, seed: "kernels", failing: 0.15 },
    );
    return JSON.stringify(proposals, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  };
  expect(await play(false)).toBe(await play(true));
});
