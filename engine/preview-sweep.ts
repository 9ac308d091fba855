import { openPoints } from "@/compute/search/points";
import { renderRunName } from "@/core/run-name";
import type { ValueMap } from "@/core/value";
import { requireUser } from "./authorize";
import { checkInteger } from "./check";
import type { EngineContext } from "./context";
import { readSweepFile } from "./read-sweep-file";

export interface SweepPreview {
  /** Configurations times repeats, decimal; null without an end. */
  readonly size: string | null;
  /** The runs shown are the sweep's first ones; otherwise they only look like its runs, since each sweep draws its own seed. */
  readonly exact: boolean;
  readonly runs: readonly { readonly params: ValueMap; readonly displayName: string | null }[];
}

export const MAX_PREVIEW_RUNS = 20;

/** A file that names no seed gets a new one when its sweep is made. Until then its examples keep still while one types. */
const EXAMPLE_SEED = "0";

/** What `createSweep` would make of a file, without making it. @throws whatever `createSweep` would refuse the file with */
export function previewSweep(
  { access }: Pick<EngineContext, "access">,
  { source, count }: { source: string; count: number },
): SweepPreview {
  requireUser(access);
  checkInteger("count", count, 0, MAX_PREVIEW_RUNS);
  const { config } = readSweepFile({ source });
  const points = openPoints(config, config.seed ?? EXAMPLE_SEED);
  const length = points.size === null || points.size > BigInt(count) ? count : Number(points.size);
  return {
    size: points.size === null ? null : String(points.size),
    exact: config.seed !== undefined || (config.method === "grid" && config.gridOrder === "sorted"),
    runs: Array.from({ length }, (_, k) => {
      const { params } = points.at(BigInt(k));
      return { params, displayName: config.runName ? renderRunName(config.runName, params, k + 1) : null };
    }),
  };
}
