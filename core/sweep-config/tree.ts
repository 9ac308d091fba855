import { Float, toValueMap, type Value } from "@/core/value";

/** Where something stands in the text, both counted from 1. Absent throughout when the input was a JSON value. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What YAML or JSON said, with positions and the scalars' own spelling: everything the rest of the parser looks at. */
export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: Value;
  /** As it was written, without quotes: `1e-4` and `1.0` keep their spelling. */
  readonly text: string;
  readonly quoted: boolean;
  readonly at?: Position;
  /** Characters from `at` to the text, where it stands there letter for letter on one line; otherwise absent. */
  readonly lead?: 0 | 1;
  /** Set where people, W&B's loader and this one may read the spelling differently. */
  readonly reading?: Reading;
}
export interface ListNode {
  readonly kind: "list";
  readonly items: readonly Node[];
  readonly at?: Position;
}
export interface MapNode {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at?: Position;
}
export interface Entry {
  readonly keyAt?: Position;
  readonly node: Node;
}

/** A spelling worth a warning. `wandb` is what PyYAML makes of it: "same" where it agrees with us. */
export interface Reading {
  readonly code: string;
  readonly message: string;
  readonly wandb: "same" | "text" | "other";
}

export const isMap = (node: Node | undefined): node is MapNode => node?.kind === "map";
export const isListNode = (node: Node | undefined): node is ListNode => node?.kind === "list";
export const isScalar = (node: Node | undefined): node is ScalarNode => node?.kind === "scalar";
export const isNull = (node: Node): boolean => node.kind === "scalar" && node.value === null;

export const childOf = (map: MapNode, key: string): Node | undefined => map.entries.get(key)?.node;

export function toValue(node: Node): Value {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toValue);
  return toValueMap([...node.entries].map(([key, entry]) => [key, toValue(entry.node)] as const));
}

export interface NumberRead {
  readonly value: number;
  /** Written as an integer: `1`, not `1.0` or `1e0`. */
  readonly integer: boolean;
}

/** The number in a node; undefined for booleans, quoted numbers and everything else that is none. */
export function numberIn(node: Node): NumberRead | undefined {
  if (node.kind !== "scalar") return undefined;
  const { value } = node;
  if (typeof value === "number") return { value, integer: Number.isInteger(value) };
  if (typeof value === "bigint") return { value: Number(value), integer: true };
  return value instanceof Float ? { value: value.value, integer: false } : undefined;
}

const SHOWN = 60;

/** A node in a message: its own spelling, cut to what a line can hold. */
export function show(node: Node): string {
  const text = spell(node, 0);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function spell(node: Node, depth: number): string {
  if (node.kind === "scalar") {
    const text = node.text.length > SHOWN ? node.text.slice(0, SHOWN + 1) : node.text;
    return node.quoted ? JSON.stringify(text) : text === "" ? "(nothing)" : text;
  }
  if (depth > 2) return node.kind === "list" ? "[…]" : "{…}";
  if (node.kind === "list")
    return `[${node.items
      .slice(0, 8)
      .map((item) => spell(item, depth + 1))
      .join(", ")}]`;
  const entries = [...node.entries].slice(0, 8);
  return `{${entries.map(([key, entry]) => `${key}: ${spell(entry.node, depth + 1)}`).join(", ")}}`;
}
