import { randomBytes } from "node:crypto";
import { openDomain } from "@/compute/search/domain";
import { pickMethod } from "@/compute/search/methods";
import { isSearched, openPoints } from "@/compute/search/points";
import { AppError } from "@/core/errors";
import {
  type Diagnostic,
  isOutside,
  parseSweepConfig,
  type SweepConfig,
  serializeConfig,
  targetsOf,
} from "@/core/sweep-config";
import { stringifyJson } from "@/core/value";
import type { NewGeneration } from "@/db/queries/create-sweep";
import { badInput, checkText, MAX_PARAMS_BYTES, MAX_SOURCE_BYTES } from "./check";

export interface SweepFile {
  /** The file's text, comments included; or else `json`. */
  readonly source?: string | undefined;
  readonly json?: unknown;
  /** Where the file says nothing of retries there are none, which is what its author knows from elsewhere. */
  readonly noRetries?: boolean | undefined;
}

/** An int of the database; nobody will count that far. */
const MAX_INTEGER = 2 ** 31 - 1;
/** More than a century, and within what PostgreSQL adds to a time. */
const MAX_HOURS = 1e6;

export interface UnderstoodSweep {
  readonly config: SweepConfig;
  readonly warnings: readonly Diagnostic[];
  /** What the database keeps of it, but for the sweep's id and name. */
  readonly generation: Omit<NewGeneration, "sweepId" | "generation" | "name" | "createdBy">;
}

/** Parses a sweep file and asks of it what this version can do. @throws AppError CONFIG_INVALID, GRID_CONTINUOUS, ... */
export function readSweepFile(file: SweepFile): UnderstoodSweep {
  const parsed = parseSweepConfig(toInput(file));
  if (parsed.config === undefined || parsed.errors.length > 0) throw invalid(parsed.errors);
  const config = withoutOwnStops(withRetries(parsed.config, file));
  const seed = config.seed ?? randomSeed();
  const points = checkPoints(config, seed);
  // Whoever chooses elsewhere tells when that is all.
  const size = isOutside(config) ? null : points;
  return {
    config,
    warnings: parsed.warnings,
    generation: {
      method: config.method,
      metricName: config.metric?.name ?? null,
      metricGoal: config.metric?.goal ?? "minimize",
      ...toAims(config),
      constrained: (config.softConstraints ?? []).length > 0,
      runCap: atMost(MAX_INTEGER, config.runCap),
      budgetHours: atMost(MAX_HOURS, config.budget?.hours),
      noImprovement: atMost(MAX_INTEGER, config.budget?.until?.noImprovement),
      // What several metrics gain together has no unit.
      leastImprovement: config.metrics ? null : (config.budget?.until?.expectedImprovement ?? null),
      seed,
      size: size === null ? null : String(size),
      exhausted: size === 0n || config.runCap === 0,
      outside: isOutside(config),
      source: parsed.source,
      config: serializeConfig(config),
    },
  };
}

function withRetries(config: SweepConfig, { source, json, noRetries }: SweepFile): SweepConfig {
  const says =
    source === undefined
      ? typeof json === "object" && json !== null && "retries" in json
      : /^["']?retries["']?\s*:/m.test(source);
  return noRetries && !says ? { ...config, retries: 0 } : config;
}

/** A local controller ends runs early itself, by the same lines of the file. */
const withoutOwnStops = (config: SweepConfig): SweepConfig =>
  config.controller === "local" ? { ...config, earlyTerminate: undefined } : config;

/** Several metrics, and what one run reaches of them; the target of the first alone is asked of each run's own objective. */
function toAims(config: SweepConfig): Pick<NewGeneration, "metricTarget" | "metrics" | "targets"> {
  const metrics = config.metrics?.map(({ name, goal }) => ({ name, goal })) ?? null;
  const targets = targetsOf(config);
  const [only, ...others] = targets;
  const ofFirst = others.length === 0 && only?.metric === config.metric?.name;
  const places = targets.map(({ metric, goal, value }) => ({
    place: metrics?.findIndex(({ name }) => name === metric) ?? 0,
    metric,
    goal,
    value: String(value),
  }));
  return {
    metricTarget: ofFirst ? (only?.value ?? null) : null,
    metrics: metrics && JSON.stringify(metrics),
    targets: ofFirst || places.length === 0 ? null : JSON.stringify(places),
  };
}

const atMost = (most: number, value: number | undefined): number | null =>
  value === undefined ? null : Math.min(value, most);

/** Refuses what has no grid (GRID_CONTINUOUS) before anything is stored. @returns how many points there are to hand out */
function checkPoints(config: SweepConfig, seed: string): bigint | null {
  if (config.method === "custom") return null;
  if (isSearched(config.method)) {
    pickMethod({ config, seed });
    const { params } = openDomain(config).sample(() => 0.5);
    refuseHugePoints(stringifyJson(params));
    return null;
  }
  const points = openPoints(config, seed);
  const { size } = points;
  refuseUncountable(size);
  if (size !== 0n) refuseHugePoints(stringifyJson(points.at(0n).params));
  return size;
}

function toInput({ source, json }: SweepFile): string | { json: unknown } {
  if (source !== undefined && source !== null) {
    if (json !== undefined && json !== null) throw badInput("json", json, "nothing beside source");
    if (Buffer.byteLength(source) > MAX_SOURCE_BYTES) {
      throw new AppError(
        "INPUT_TOO_LARGE",
        `the sweep file has ${Buffer.byteLength(source)} bytes, at most ${MAX_SOURCE_BYTES} are taken`,
      );
    }
    return checkText("source", source, MAX_SOURCE_BYTES);
  }
  if (json === undefined || json === null)
    throw badInput("source", source, "the text of a sweep file, or json instead");
  return { json };
}

function invalid(errors: readonly Diagnostic[]): AppError {
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const where = first?.line === undefined ? "" : `line ${first.line}: `;
  return new AppError(
    "CONFIG_INVALID",
    `${where}${first?.message ?? "the sweep file can't be read"}${more}`,
    {
      details: { diagnostics: errors },
    },
  );
}

/** As many digits as the database's numbers of points have (`bigInteger` in db/schema/columns.ts). */
const MOST_POINTS = 10n ** 1000n;

function refuseUncountable(size: bigint | null): void {
  if (size === null || size < MOST_POINTS) return;
  const digits = size.toString(16).length * Math.log10(16);
  throw new AppError(
    "CONFIG_INVALID",
    `the grid has about 10^${Math.floor(digits)} points, fewer than 10^1000 can be counted: leave parameters out, or use method random`,
    { details: { most: "10^1000" } },
  );
}

/** Every point is a command line and a row: what the first one weighs, they all weigh. */
function refuseHugePoints(params: string): void {
  const bytes = Buffer.byteLength(params);
  if (bytes <= MAX_PARAMS_BYTES) return;
  throw new AppError(
    "INPUT_TOO_LARGE",
    `the parameters of one run take ${bytes} bytes, at most ${MAX_PARAMS_BYTES} are taken: pass the name of a file instead`,
    { details: { bytes } },
  );
}

/** 63 random bits, decimal. */
const randomSeed = (): string => String(randomBytes(8).readBigUInt64BE() >> 1n);
