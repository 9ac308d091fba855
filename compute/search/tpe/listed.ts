import { log, quickExp } from "@/math/elementary";
import type { Listed } from "./axes";

/** The kernels of a list of values, one for each value that they may stand at, and the prior. */
export interface Table {
  /** ln of each kernel's share of the value `at` to each term, of the prior's to the last; a kernel of a run without the parameter is the prior. */
  addTo(own: Float64Array, column: Float64Array, at: number): void;
  /** What the kernel of a point's value gives to each. */
  sharesOf(from: number): Float64Array;
}

/** A row has two different numbers in a column: its own value's, and what any other row has there. Thousands of values need no square of them. */
export function openCategory({ shares }: Listed, b: number): Table {
  const prior = shares.map(log);
  const hit = shares.map((share) => log(1 - b + b * share));
  const missed = shares.map((share) => log(b * share));
  const missedShares = missed.map(quickExp);
  return {
    addTo(own, column, at) {
      const [share, ofHit, ofMissed] = [prior[at] as number, hit[at] as number, missed[at] as number];
      for (let i = 0; i < column.length; i++) {
        const from = column[i] as number;
        own[i] = (own[i] as number) + (from < 0 ? share : from === at ? ofHit : ofMissed);
      }
      own[column.length] = (own[column.length] as number) + share;
    },
    sharesOf(from) {
      const row = missedShares.slice();
      row[from] = quickExp(hit[from] as number);
      return row;
    },
  };
}

/** What an ordinal's kernel leaves to the prior, so that none of its logarithms is infinite. */
const LEAST_SHARE = 1e-9;

/** Rows of the values that points stand at only: of thousands of values a few hundred. */
export function openOrdinal({ shares, places }: Listed, s: number, points: Float64Array): Table {
  const K = shares.length;
  const prior = shares.map(log);
  const known = [...new Set(points)].filter((k) => k >= 0);
  const rowOf = new Int32Array(K);
  const rows = new Float64Array(known.length * K);
  for (const [row, k] of known.entries()) {
    rowOf[k] = row;
    const weights = shares.map((share, j) => {
      const away = ((places[j] as number) - (places[k] as number)) / s;
      return share * quickExp(-0.5 * away * away);
    });
    const sum = weights.reduce((all, weight) => all + weight, 0);
    for (let j = 0; j < K; j++)
      rows[row * K + j] = log(
        ((1 - LEAST_SHARE) * (weights[j] as number)) / sum + LEAST_SHARE * (shares[j] as number),
      );
  }
  return {
    addTo(own, column, at) {
      const share = prior[at] as number;
      for (let i = 0; i < column.length; i++) {
        const from = column[i] as number;
        own[i] = (own[i] as number) + (from < 0 ? share : (rows[(rowOf[from] as number) * K + at] as number));
      }
      own[column.length] = (own[column.length] as number) + share;
    },
    sharesOf(from) {
      const start = (rowOf[from] as number) * K;
      return rows.subarray(start, start + K).map(quickExp);
    },
  };
}
