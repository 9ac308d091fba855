import { createHash } from "node:crypto";
import type { Leaf } from "@/core/leaves";
import { toIdentity, type Value, type ValueMap } from "@/core/value";

/** One configuration to run. */
export interface Point {
  /** Sorted by name at every level; parameters whose condition does not hold are absent. Constants are included. */
  readonly params: ValueMap;
  /** 32 bytes: what makes two runs of a sweep the same configuration. */
  readonly hash: Uint8Array;
  /** From 0 below `repeats`. */
  readonly repeat: number;
  /** The last of the neighbouring numbers that hold this very point; absent where it is the only one. */
  readonly through?: bigint;
}

/** Which configuration comes k-th: a pure function of (config, seed, k). The repeats of a configuration stand together. */
export interface Points {
  /** Where the numbers end; null when there is no end. */
  readonly size: bigint | null;
  /**
   * Different configurations times repeats: less than `size` where some numbers repeat a hash (see draws.ts). Null where
   * there is no end of them, or constraints keep them from being counted.
   */
  readonly count: bigint | null;
  /** Throws RangeError outside 0 .. size - 1. */
  at(index: bigint): Point;
}

/** The part of a hash that says which parameter a value belongs to. */
export const toLabel = (leaf: Leaf): string => `${JSON.stringify(leaf.path)}:`;

/**
 * The text that a point's hash is made of: a line for each parameter that exists, in order. Frozen: hashes are stored.
 * Values as in W&B's own comparison: a whole float is the integer, so that `3e6` in a file and 3000000 in a run agree.
 */
export function toCanonicalText(labels: readonly string[], values: readonly (Value | undefined)[]): string {
  let text = "";
  for (let i = 0; i < labels.length; i++) {
    const value = values[i];
    if (value !== undefined) text += `${labels[i]}${toIdentity(value)}\n`;
  }
  return text;
}

/** SHA-256. */
export const hashText = (text: string): Uint8Array => createHash("sha256").update(text).digest();
