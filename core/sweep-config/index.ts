import { Findings } from "./diagnostics";
import { readJson } from "./json";
import { warnOfReadings } from "./readings";
import { readTopLevel } from "./top-level";
import type { Node } from "./tree";
import type { ParsedSweep } from "./types";
import { writeYaml } from "./write-yaml";
import { readYaml } from "./yaml";

export { objectivesOf, targetsOf } from "./objectives";
export { DEFAULT_QUARANTINE_AFTER } from "./own-keys";
export { hasScheduler, isOutside, workersOf } from "./scheduler";
export { deserializeConfig, serializeConfig } from "./serialize";
export { KEYS as SWEEP_KEYS } from "./top-level";
export type * from "./types";
export { writeKey, writeValue } from "./write-yaml";

/**
 * The one parser of a sweep file: YAML (or JSON) text, or a JSON value. Gives a config or errors, never both and
 * never an exception, and warnings in either case. What it refuses, W&B's engine can't run either; docs/sweep-file.md
 * lists the codes and the few exceptions.
 */
export function parseSweepConfig(input: string | { readonly json: unknown }): ParsedSweep {
  const findings = new Findings();
  const root = typeof input === "string" ? readYaml(input, findings) : readJson(input.json, findings);
  const source = typeof input === "string" ? input : root ? writeYaml(root) : "";
  const config = root && understand(root, findings);
  const { errors, warnings } = findings;
  return errors.length > 0 ? { errors, warnings, source } : { config, errors, warnings, source };
}

function understand(root: Node, findings: Findings) {
  warnOfReadings(root, findings);
  return readTopLevel(root, findings);
}
