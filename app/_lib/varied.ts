import { listLeaves } from "@/core/leaves";
import { deserializeConfig } from "@/core/sweep-config";

/** Dotted names of the parameters that a sweep varies, by its configuration; none for what can't be read. */
export function toVaried(config: unknown): string[] {
  if (config === undefined || config === null) return [];
  try {
    return listLeaves(deserializeConfig(JSON.stringify(config)).parameters)
      .filter(({ parameter }) => parameter.kind !== "constant")
      .map(({ path }) => path.join("."));
  } catch {
    return [];
  }
}
