import { methodOf } from "@/compute/search/methods";
import { isSearched, openPoints, type Points } from "@/compute/search/points";
import { type Difference, replay } from "@/compute/search/replay";
import { comparePoint, type PointDifference, passedOver } from "@/compute/search/replay-points";
import { AppError } from "@/core/errors";
import { deserializeConfig } from "@/core/sweep-config";
import type { Sql } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { type HandOut, readHandedOut, readHandOut, readPriorPoints } from "@/db/queries/handed-out";
import { readLog } from "@/db/queries/search-log";
import { readSearch } from "@/db/queries/searches";

/** What came of deriving all proposals of a sweep again. */
export type SweepReplay = SearchReplay | PointsReplay;

export interface SearchReplay {
  readonly by: "log";
  /** Method and version. */
  readonly engine: string;
  readonly events: number;
  readonly proposals: number;
  readonly differences: readonly Difference[];
}

export interface PointsReplay {
  readonly by: "number";
  readonly engine: string;
  /** Runs whose points were derived again. */
  readonly proposals: number;
  /** Runs that somebody asked for: no method's choice. */
  readonly asked: number;
  readonly differences: readonly PointDifference[];
}

/**
 * Derives every proposal of a sweep again from what is stored, and compares it to the last bit: those of a search from the events
 * that it was told, points that come by number from the file and the seed.
 * @throws AppError NOT_FOUND, ENGINE_CHANGED
 */
export async function replaySweep(sql: Sql, sweepId: string): Promise<SweepReplay> {
  const sweep = await readHandOut(sql, sweepId);
  if (sweep === undefined) throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`);
  if (sweep.method === "custom")
    throw new AppError("NOT_FOUND", `sweep ${sweepId} chooses nothing by itself: its runs are asked for`);
  return isSearched(sweep.method) ? replaySearch(sql, sweepId) : replayPoints(sql, sweepId, sweep);
}

async function replaySearch(sql: Sql, sweepId: string): Promise<SearchReplay> {
  const found = await readSearch(sql, sweepId);
  const nothing = new AppError("NOT_FOUND", `the search of sweep ${sweepId} has proposed nothing yet`);
  if (found === undefined) throw nothing;
  const { generation, picked, versions, first } = found;
  const read = await readGeneration(sql, { sweepId, generation });
  if (read === undefined || picked === null || first === null) throw nothing;
  const method = methodOf(picked);
  const engine = `${method.name}/${method.version}`;
  const other = versions.find((version) => version !== engine);
  if (other !== undefined)
    throw new AppError(
      "ENGINE_CHANGED",
      `sweep ${sweepId} was searched by ${other}, this is ${engine}: replay it with the Besom that ran it`,
    );
  const events = await readLog(sql, { sweepId, from: 0 });
  const problem = { config: deserializeConfig(read.config), seed: read.seed };
  // What was proposed before the sweep's file was changed stands in the log; derived again is what came since.
  const isOwn = (number: number): boolean => number >= first;
  return { by: "log", engine, events: events.length, ...replay(method, problem, events, () => {}, isOwn) };
}

/** More differences than these would say no more. */
const MOST = 10;
/** Runs read at once. */
const PAGE = 5_000;

interface Generation {
  readonly points: Points;
  /** The numbers that its runs have. */
  first: bigint;
  last: bigint;
}

/** Each run by the file that was in force when it was handed out; deleted ones too. */
async function replayPoints(sql: Sql, sweepId: string, sweep: HandOut): Promise<PointsReplay> {
  const { name, version } = methodOf(sweep.method);
  const generations = new Map<number, Generation>();
  const differences: PointDifference[] = [];
  const had = new Set<string>();
  for (const { hash, repeat } of await readPriorPoints(sql, sweepId)) had.add(`${hash}/${repeat}`);
  let proposals = 0;
  let asked = 0;
  for (let after = 0; ; ) {
    const rows = await readHandedOut(sql, { sweepId, after, limit: PAGE });
    for (const { hash, index, generation, ...run } of rows) {
      if (hash !== null) had.add(`${hash}/${run.repeat}`);
      if (hash === null || index === null || generation === null) {
        asked++;
        continue;
      }
      proposals++;
      const number = BigInt(index);
      const its = generations.get(generation) ?? (await open(sql, { sweepId, generation }, number));
      generations.set(generation, its);
      if (number < its.first) its.first = number;
      if (number > its.last) its.last = number;
      if (differences.length < MOST)
        differences.push(...comparePoint(its.points, { ...run, hash, index: number }));
    }
    after = rows.at(-1)?.id ?? 0;
    if (rows.length < PAGE) break;
  }
  for (const [generation, { points, first, last }] of generations) {
    const isLast = generation === sweep.generation;
    const range = { from: generation === 1 ? 0n : first, to: isLast ? BigInt(sweep.cursor) : last + 1n };
    for (const gap of passedOver(points, range, (hash, repeat) => had.has(`${hash}/${repeat}`))) {
      if (differences.length >= MOST) break;
      differences.push(gap);
    }
  }
  if (proposals === 0) throw new AppError("NOT_FOUND", `sweep ${sweepId} has handed out no point yet`);
  return { by: "number", engine: `${name}/${version}`, proposals, asked, differences };
}

async function open(
  sql: Sql,
  which: { sweepId: string; generation: number },
  number: bigint,
): Promise<Generation> {
  const read = await readGeneration(sql, which);
  if (read === undefined)
    throw new AppError(
      "INTERNAL",
      `sweep ${which.sweepId} has no configuration of generation ${which.generation}`,
    );
  return { points: openPoints(deserializeConfig(read.config), read.seed), first: number, last: number };
}
