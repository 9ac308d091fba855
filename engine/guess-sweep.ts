import { guessGoal, guessSweep } from "@/core/guess-sweep";
import { parseSweepConfig } from "@/core/sweep-config";
import { parseJson, sortKeys, type ValueMap } from "@/core/value";
import { type KnownRunsRow, readKnownRuns } from "@/db/queries/known-runs";
import type { EngineContext } from "./context";

export interface Guess {
  /** A sweep file. */
  readonly source: string;
  /** How many runs it was made of. */
  readonly runs: number;
}

/** A sweep file made from what a project's newest runs used; null where there are none with parameters. */
export async function guessFromRuns(
  { db, access }: Pick<EngineContext, "db" | "access">,
  projectId: number,
): Promise<Guess | null> {
  const known = await readKnownRuns(db, access, projectId);
  if (known === undefined) return null;
  const params = known.params.map((text) => sortKeys(parseJson(text)) as ValueMap);
  const asked = { params, program: known.program ?? programOf(known), metric: metricOf(known) };
  const source = guessSweep(asked);
  // A metric whose name no file can hold, or the like: a guess that can't be used is none.
  return parseSweepConfig(source).config === undefined ? null : { source, runs: params.length };
}

const metricOf = ({ metric, logged }: KnownRunsRow) => {
  const [first] = logged;
  return metric ?? (first === undefined ? null : { name: first, goal: guessGoal(first) });
};

/** The file among the words of its command line. */
const programOf = ({ command }: KnownRunsRow): string | null =>
  command?.find((word) => /^[^-][^=]*\.(py|js|ts|mjs|sh|R|jl)$/.test(word)) ?? null;
