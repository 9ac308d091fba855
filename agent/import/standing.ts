import { AppError } from "@/core/errors";
import { fromPlain, isSameValue, stringifyJson, type Value, type ValueMap } from "@/core/value";
import type { FoundRun, RunHead } from "./found-run";
import { type Mark, markOf, unwrapConfig } from "./to-record";
import type { RunPath, RunThere } from "./wandb-door";

/** How much of a run is there: all of it; a part, since an import was broken off; or what it was before its client went on. */
export type Standing = "all" | "part" | "grown";

/**
 * Whether a run of the same name is the one that is being moved in. One that came by another way, `wandb sync` for one, is taken for it by its
 * configuration and the number of its lines.
 * @throws AppError NAME_TAKEN for a run with other data
 */
export function standingOf(there: RunThere, found: FoundRun, head: RunHead, path: RunPath): Standing {
  const mark = markOf(there.config);
  if (mark?.digest === head.digest) return mark.done ? "all" : "part";
  if (mark !== undefined && hasGrown(mark, found, head)) return "grown";
  // Made, and broken off before anything was said of it.
  if (mark === undefined && isBlank(there)) return "part";
  const isSame =
    mark === undefined &&
    there.lines.history === head.historyLines &&
    isSameValue(asPlain(unwrapConfig(there.config)), asPlain(head.config));
  if (isSame) return "all";
  const { project, name } = path;
  throw new AppError(
    "NAME_TAKEN",
    `project ${project} has a run ${name} already, with other data (${there.lines.history} lines of history, ${there.state}) than ${found.place} (${head.historyLines} lines, ${head.end.state}): it stays as it is; move this one into another project with --project`,
    { details: { project, name, place: found.place } },
  );
}

/** Without its machine the server begins no other attempt (gateway/wandb/upsert-run.ts). */
const hasGrown = ({ digest, records }: Mark, found: FoundRun, head: RunHead): boolean =>
  records > 0 &&
  records < (head.records ?? 0) &&
  Boolean(head.host || head.program) &&
  found.digestOf(records) === digest;

/** The client, which is written in Go, sends 1.0 as 1. */
const asPlain = (config: ValueMap): Value => fromPlain(JSON.parse(stringifyJson(config)));

const isBlank = ({ config, summary, lines }: RunThere): boolean =>
  Object.keys(config).length === 0 &&
  Object.keys(summary).length === 0 &&
  lines.history + lines.output + lines.events === 0;
