import { isValueMap, stringifyJson, toNumber, toValueMap, type ValueMap } from "@/core/value";
import type { RunHead } from "./found-run";
import type { RunRecordInput } from "./wandb-door";

/** Where W&B's client keeps what is its own in a configuration; an import leaves its mark there too. */
const OWN = "_wandb";
const MARK = "besom_import";
/** A field of its telemetry, without which the client takes a run for one that never began, and does not resume it. */
const VERSION_OF_CLIENT = "5";

export interface Mark {
  readonly digest: string;
  /** How many records that is the digest of; 0 where there are none. */
  readonly records: number;
  /** Whether all of it has been sent. */
  readonly done: boolean;
}

/** What is said of a run as its client would say it, with the mark of its import. Its sweep, which is not here, stays as a tag. */
export function toRecord(head: RunHead, { done }: Pick<Mark, "done">): RunRecordInput {
  const { config, summary, clientVersion, git, digest, records = 0, sweepId } = head;
  const mark = toValueMap([
    ["digest", digest],
    ["records", records],
    ["done", done],
  ]);
  const own = toValueMap([
    ["t", toValueMap([[VERSION_OF_CLIENT, clientVersion ?? "0"]])],
    ...(clientVersion === undefined ? [] : [["cli_version", clientVersion] as const]),
    [MARK, mark],
  ]);
  const wrapped = [...Object.entries(config), [OWN, own] as const].map(
    ([name, value]) => [name, toValueMap([["value", value]])] as const,
  );
  return {
    displayName: head.displayName,
    groupName: head.group,
    jobType: head.jobType,
    notes: head.notes,
    tags: sweepId === undefined ? head.tags : [...head.tags, `sweep-${sweepId}`],
    config: stringifyJson(toValueMap(wrapped)),
    summaryMetrics: stringifyJson(summary),
    commit: git?.commit,
    jobRepo: git?.remote,
  };
}

/** Undefined for a run that came by another way. */
export function markOf(config: ValueMap): Mark | undefined {
  const mark = inside(inside(unwrap(config[OWN]))?.[MARK]);
  const digest = mark?.digest;
  if (typeof digest !== "string") return undefined;
  return { digest, records: toNumber(mark?.records ?? 0) ?? 0, done: mark?.done === true };
}

/** `{name: {value}}` as the training program has it. */
export const unwrapConfig = (config: ValueMap): ValueMap =>
  toValueMap(
    Object.entries(config)
      .filter(([name]) => name !== OWN)
      .map(([name, value]) => [name, unwrap(value) ?? null]),
  );

const inside = (value: ValueMap[string] | undefined): ValueMap | undefined =>
  value !== undefined && isValueMap(value) ? value : undefined;
const unwrap = (value: ValueMap[string] | undefined): ValueMap[string] | undefined => inside(value)?.value;
