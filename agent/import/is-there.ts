import { AppError } from "@/core/errors";
import { fromPlain, isSameValue, stringifyJson, type Value, type ValueMap } from "@/core/value";
import type { RunHead } from "./found-run";
import { markOf, unwrapConfig } from "./to-record";
import type { RunPath, RunThere } from "./wandb-door";

/**
 * Whether a run of the same name is the one that is being moved in, and all of it. One that came by another way, `wandb sync` for one, is taken for
 * it by its configuration and the number of its lines.
 * @returns false for one that is to be gone on with
 * @throws AppError NAME_TAKEN for a run with other data
 */
export function isThere(there: RunThere, head: RunHead, from: { path: RunPath; place: string }): boolean {
  const mark = markOf(there.config);
  if (mark?.digest === head.digest) return mark.done;
  // Made, and broken off before anything was said of it.
  if (mark === undefined && isBlank(there)) return false;
  const isSame =
    mark === undefined &&
    there.lines.history === head.historyLines &&
    isSameValue(asPlain(unwrapConfig(there.config)), asPlain(head.config));
  if (isSame) return true;
  const { project, name } = from.path;
  throw new AppError(
    "NAME_TAKEN",
    `project ${project} has a run ${name} already, with other data (${there.lines.history} lines of history, ${there.state}) than ${from.place} (${head.historyLines} lines, ${head.end.state}): it stays as it is; move this one into another project with --project`,
    { details: { project, name, place: from.place } },
  );
}

/** The client, which is written in Go, sends 1.0 as 1. */
const asPlain = (config: ValueMap): Value => fromPlain(JSON.parse(stringifyJson(config)));

const isBlank = ({ config, summary, lines }: RunThere): boolean =>
  Object.keys(config).length === 0 &&
  Object.keys(summary).length === 0 &&
  lines.history + lines.output + lines.events === 0;
