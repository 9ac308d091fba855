import { isSearched, openPoints, type Points } from "@/compute/search/points";
import { AppError } from "@/core/errors";
import { deserializeConfig, type SweepConfig } from "@/core/sweep-config";
import type { Database, Sql, Tx } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { perDatabase, Recent } from "./recent";

/** One generation of a sweep's configuration, ready to hand out points. Never changes, so it is kept. */
export interface Plan {
  readonly config: SweepConfig;
  /** As it is stored: what a thread is told. */
  readonly stored: string;
  readonly seed: string;
  /** Null where a search proposes the points (engine/search), or somebody outside does. */
  readonly points: Points | null;
}

type Stored = Omit<Plan, "points">;

type Generation = { readonly sweepId: string; readonly generation: number };

const memory = perDatabase(() => ({
  plans: new Recent<string, Plan>(500),
  stored: new Recent<string, Stored>(500),
}));

const nameOf = ({ sweepId, generation }: Generation): string => `${sweepId}/${generation}`;

/** @param sql the transaction under way, or the pool */
export async function loadPlan(db: Database, sql: Sql | Tx, sweep: Generation): Promise<Plan> {
  const { plans } = memory(db);
  const known = plans.get(nameOf(sweep));
  if (known !== undefined) return known;
  const read = await loadStored(db, sql, sweep);
  const { config, seed } = read;
  const plan = { ...read, points: isNumbered(config) ? openPoints(config, seed) : null };
  plans.set(nameOf(sweep), plan);
  return plan;
}

const isNumbered = ({ method }: SweepConfig): boolean => !isSearched(method) && method !== "custom";

/**
 * The configuration without its points: what ends runs must not depend on a method that this program can't hand out.
 * @throws AppError when what is stored can't be read
 */
export async function loadConfig(db: Database, sql: Sql | Tx, sweep: Generation): Promise<SweepConfig> {
  return (await loadStored(db, sql, sweep)).config;
}

async function loadStored(db: Database, sql: Sql | Tx, sweep: Generation): Promise<Stored> {
  const { stored } = memory(db);
  const known = stored.get(nameOf(sweep));
  if (known !== undefined) return known;
  const row = await readGeneration(sql, sweep);
  if (row === undefined) {
    throw new AppError(
      "INTERNAL",
      `sweep ${sweep.sweepId} has no configuration of generation ${sweep.generation}`,
    );
  }
  const read = { config: parse(row.config, sweep), stored: row.config, seed: row.seed };
  stored.set(nameOf(sweep), read);
  return read;
}

/** Whatever reading it fails with, the text is at fault and not the database. */
function parse(text: string, { sweepId, generation }: Generation): SweepConfig {
  try {
    return deserializeConfig(text);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "CONFIG_INVALID",
      `the stored configuration of sweep ${sweepId}, generation ${generation}, can't be read`,
      { cause },
    );
  }
}
