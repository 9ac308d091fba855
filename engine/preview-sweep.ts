import { openDomain } from "@/compute/search/domain";
import { pickMethod } from "@/compute/search/methods";
import { isSearched, openPoints } from "@/compute/search/points";
import { renderRunName } from "@/core/run-name";
import { isOutside, type SweepConfig } from "@/core/sweep-config";
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
  if (isOutside(config)) return { size: null, exact: false, runs: [] };
  const { size, first } = (isSearched(config.method) ? askSearch : askPoints)(config, count);
  return {
    size: size === null ? null : String(size),
    exact: isExact(config),
    runs: first.map((params, k) => ({
      params,
      displayName: config.runName ? renderRunName(config.runName, params, k + 1) : null,
    })),
  };
}

interface Looked {
  readonly size: bigint | null;
  readonly first: readonly ValueMap[];
}

function askPoints(config: SweepConfig, count: number): Looked {
  const { size, at } = openPoints(config, config.seed ?? EXAMPLE_SEED);
  const first: ValueMap[] = [];
  for (let number = 0n; first.length < count && (size === null || number < size); number++) {
    const { params, through = number } = at(number);
    first.push(params);
    number = through;
  }
  return { size, first };
}

/** What a search begins with before it knows any result. */
function askSearch(config: SweepConfig, count: number): Looked {
  const problem = { config, seed: config.seed ?? EXAMPLE_SEED };
  const { size } = openDomain(config);
  return {
    size: size === null ? null : size * BigInt(config.repeats),
    first: pickMethod(problem)
      .method.open(problem)
      .propose(count)
      .map(({ params }) => params),
  };
}

/** What a search hands out depends on the results. */
const isExact = ({ method, gridOrder, seed }: SweepConfig): boolean =>
  !isSearched(method) && (seed !== undefined || (method === "grid" && gridOrder === "sorted"));
