import { AppError } from "@/core/errors";
import { Findings } from "@/core/sweep-config/diagnostics";
import { toValue } from "@/core/sweep-config/tree";
import { readYaml } from "@/core/sweep-config/yaml";
import { isValueMap, toValueMap, type Value, type ValueMap } from "@/core/value";
import { readJsonFile } from "./json-files";
import { readText } from "./read-text";

/**
 * A run's configuration by name: plain, or as the client's own `config.yaml` has it, each value wrapped (`lr: {desc: null, value: 0.1}`).
 * What the client keeps there for itself is left out.
 * @throws AppError BAD_INPUT naming the file, and the line of a YAML file
 */
export function readConfig(path: string | undefined): ValueMap {
  const read = path?.endsWith(".yaml") ? readYamlFile(path) : readJsonFile(path);
  const entries = Object.entries(read).filter(([name]) => name !== "_wandb" && name !== "wandb_version");
  return toValueMap(
    entries.every(([, value]) => isWrapped(value))
      ? entries.map(([name, value]) => [name, (value as ValueMap).value ?? null])
      : entries,
  );
}

const isWrapped = (value: Value): boolean =>
  isValueMap(value) &&
  value.value !== undefined &&
  Object.keys(value).every((key) => key === "value" || key === "desc");

function readYamlFile(path: string): ValueMap {
  const findings = new Findings();
  const node = readYaml(readText(path), findings);
  const [mistake] = findings.errors;
  if (mistake !== undefined)
    throw new AppError("BAD_INPUT", `${path}:${mistake.line ?? 1}: ${mistake.message}`, {
      details: { path, line: mistake.line },
    });
  const value = node === undefined ? null : toValue(node);
  if (value === null) return toValueMap([]);
  if (isValueMap(value)) return value;
  throw new AppError("BAD_INPUT", `${path} holds no names with values`);
}
