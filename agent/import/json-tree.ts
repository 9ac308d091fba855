import { isValueMap, parseJson, toValueMap, type Value, type ValueMap } from "@/core/value";
import type { Changes } from "./wandb-records";

/** What many small changes add up to. Texts are kept as they are and read once, at the end: a summary changes with every step. */
export class JsonTree {
  /** By the first name; below it by all of the path, in the order of the last changes. */
  private readonly branches = new Map<string, Map<string, Leaf>>();

  apply({ update, remove }: Changes): void {
    for (const { path, json } of update) this.set(path, json);
    for (const { path } of remove) this.set(path, undefined);
  }

  /** @throws AppError BAD_INPUT for a text that is no JSON */
  build(): ValueMap {
    return toValueMap(
      [...this.branches].flatMap(([name, leaves]) => {
        let value: Value | undefined;
        for (const leaf of leaves.values()) value = graft(value, leaf.path, leaf.json, 1);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
  }

  private set(path: readonly string[], json: string | undefined): void {
    const [name = ""] = path;
    let leaves = this.branches.get(name);
    if (leaves === undefined || path.length === 1) {
      leaves = new Map();
      this.branches.set(name, leaves);
    }
    const key = JSON.stringify(path);
    leaves.delete(key);
    leaves.set(key, { path, json });
  }
}

interface Leaf {
  readonly path: readonly string[];
  /** Undefined takes away what is there. */
  readonly json: string | undefined;
}

function graft(
  value: Value | undefined,
  path: readonly string[],
  json: string | undefined,
  depth: number,
): Value | undefined {
  const name = path[depth];
  if (name === undefined) return json === undefined ? undefined : parseJson(json);
  const inside = value !== undefined && isValueMap(value) ? value : toValueMap([]);
  const grown = graft(inside[name], path, json, depth + 1);
  const others = Object.entries(inside).filter(([key]) => key !== name);
  return toValueMap(grown === undefined ? others : [...others, [name, grown]]);
}
