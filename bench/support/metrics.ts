import type { MetricBatch } from "@/core/history";
import type { Database } from "@/db/client";

/** Seeded noise in (0, 1): xorshift32 in two halves, so that all 53 bits of the fraction are in use. */
export function noise(seed: number): () => number {
  let state = seed | 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
}

/** Series as a program logs them: falling curves under noise of every bit. */
export function makeSeries(
  keys: readonly string[],
  steps: number,
  random: () => number,
): MetricBatch["series"] {
  return keys.map((key, k) => ({
    key,
    values: Array.from({ length: steps }, (_, i) => 2 / (1 + (k + 1) * i * 0.01) + random()),
  }));
}

export async function walBytes({ sql }: Database): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint as bytes`;
  return row?.bytes ?? 0;
}
