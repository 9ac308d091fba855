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
    const whole: Branch = new Map();
    for (const leaves of this.branches.values())
      for (const { path, json } of leaves.values()) graft(whole, path, json, 0);
    return toTree(whole);
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

/** What grows: others of the same branch are not touched by a leaf, so ten thousand of them cost no more than their number. */
type Branch = Map<string, Branch | Value>;

function graft(inside: Branch, path: readonly string[], json: string | undefined, depth: number): void {
  const name = path[depth] ?? "";
  const there = inside.get(name);
  // The last change stands last.
  inside.delete(name);
  if (depth === path.length - 1) {
    if (json !== undefined) inside.set(name, parseJson(json));
    return;
  }
  const branch = there instanceof Map ? there : new Map(entriesOf(there));
  graft(branch, path, json, depth + 1);
  inside.set(name, branch);
}

const entriesOf = (value: Value | undefined): [string, Value][] =>
  value !== undefined && isValueMap(value) ? Object.entries(value) : [];

const toTree = (branch: Branch): ValueMap =>
  toValueMap(
    Array.from(branch, ([name, value]) => [name, value instanceof Map ? toTree(value) : value] as const),
  );
