import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Findings, Path } from "./diagnostics";
import { MAX_DEPTH, MAX_NODES, MAX_WRITTEN_OUT } from "./limits";
import { CORE_TAG, LONE_SURROGATE, readPlain, readTagged } from "./scalar";
import type { Entry, Node, Position, ScalarNode } from "./tree";

/** How much a node stands for once its aliases are written out. */
interface Extent {
  readonly nodes: number;
  readonly depth: number;
  /** Of its texts, keys among them. */
  readonly characters: number;
}

const COLLECTION_TAGS: ReadonlySet<string> = new Set(["map", "seq", "set", "omap", "pairs"]);

/**
 * Turns the `yaml` package's nodes into ours: resolves scalars, aliases and merge keys and notes duplicate keys.
 * An aliased node is shared, not copied; its extent is counted each time, so an alias bomb is refused in linear time.
 */
export class TreeBuilder {
  private readonly anchors = new Map<string, Node | "open">();
  private readonly extents = new Map<Node, Extent>();
  private overflow = false;

  constructor(
    private readonly findings: Findings,
    private readonly toPosition: (offset: number) => Position,
  ) {}

  build(document: Document.Parsed): Node | undefined {
    const root = this.node(document.contents, [], this.toPosition(0));
    return this.findings.errors.length > 0 ? undefined : root;
  }

  private node(source: unknown, path: Path, fallback: Position | undefined): Node {
    if (isAlias(source)) return this.aliased(source.source, path, this.positionOf(source) ?? fallback);
    if (!isScalar(source) && !isMap(source) && !isSeq(source)) return this.missing(fallback);
    const { anchor } = source;
    if (anchor !== undefined) this.anchors.set(anchor, "open");
    const node = isScalar(source)
      ? this.scalar(source, path, fallback)
      : isMap(source)
        ? this.map(source, path, fallback)
        : this.list(source, path, fallback);
    if (anchor !== undefined) this.anchors.set(anchor, node);
    return node;
  }

  private aliased(name: string, path: Path, at: Position | undefined): Node {
    const target = this.anchors.get(name);
    if (target !== undefined && target !== "open") return target;
    const message =
      target === "open"
        ? `\`*${name}\` stands inside what it refers to, so it would never end`
        : `\`*${name}\` refers to an anchor that is not above it; write \`&${name}\` before the value it means, or put quotes around a text that starts with *`;
    this.findings.error(target === "open" ? "ALIAS_CYCLE" : "ALIAS_UNKNOWN", message, path, at);
    return this.missing(at);
  }

  private scalar(source: Scalar, path: Path, fallback: Position | undefined): ScalarNode {
    const text = source.source ?? String(source.value ?? "");
    const at = this.positionOf(source) ?? fallback;
    const quoted = source.type !== undefined && source.type !== "PLAIN";
    this.checkText(text, path, at);
    const base = { kind: "scalar", text, at, lead: leadOf(source, text) } as const;
    // PyYAML takes no notice of a bare `!`
    if (source.tag === undefined || source.tag === "!")
      return quoted ? { ...base, value: text, quoted } : { ...base, quoted, ...readPlain(text) };
    const read = source.tag.startsWith(CORE_TAG) ? readTagged(source.tag, text) : undefined;
    if (read) return { ...base, quoted: typeof read.value === "string", ...read };
    const shown = source.tag.startsWith(CORE_TAG) ? `!!${source.tag.slice(CORE_TAG.length)}` : source.tag;
    this.findings.error(
      "TAG_UNREADABLE",
      `\`${text.slice(0, 60)}\` can't be read as ${shown}; known tags are !!str, !!int, !!float, !!bool and !!null`,
      path,
      at,
    );
    return { ...base, value: null, quoted };
  }

  private list(source: YAMLSeq, path: Path, fallback: Position | undefined): Node {
    const at = this.positionOf(source) ?? fallback;
    this.checkCollectionTag(source.tag, path, at);
    const items = source.items.map((item, i) =>
      isPair(item) ? this.missing(at) : this.node(item, [...path, String(i)], at),
    );
    return this.measured({ kind: "list", items, at }, items, path);
  }

  private map(source: YAMLMap, path: Path, fallback: Position | undefined): Node {
    const at = this.positionOf(source) ?? fallback;
    this.checkCollectionTag(source.tag, path, at);
    const own = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of source.items) {
      const keyAt = this.positionOf(pair.key) ?? at;
      const key = this.key(pair.key, path, keyAt);
      if (key === undefined) continue;
      const node = this.node(pair.value, [...path, key.text], keyAt);
      if (key.text === "<<" && !key.quoted) this.merge(merged, node, path, keyAt);
      else this.put(own, key.text, { keyAt, node }, path);
    }
    const entries = merged.size === 0 ? own : new Map([...merged, ...own]);
    return this.measured(
      { kind: "map", entries, at },
      [...entries.values()].map((entry) => entry.node),
      path,
    );
  }

  private key(source: unknown, path: Path, at: Position | undefined): ScalarNode | undefined {
    const node = this.node(source, path, at);
    if (node.kind !== "scalar") {
      this.findings.error(
        "KEY_NOT_TEXT",
        "a key is a name, not a list or a map; is a bracket out of place?",
        path,
        at,
      );
      return undefined;
    }
    return node.value === null && !node.quoted ? { ...node, text: node.text || "null" } : node;
  }

  private put(entries: Map<string, Entry>, key: string, entry: Entry, path: Path): void {
    const earlier = entries.get(key);
    if (earlier)
      this.findings.warn(
        "DUPLICATE_KEY",
        `\`${key}\` stands twice, in lines ${earlier.keyAt?.line} and ${entry.keyAt?.line}; the last one counts`,
        [...path, key],
        entry.keyAt,
      );
    entries.set(key, entry);
  }

  /** `<<: *base` or `<<: [*a, *b]`: the map's own keys win, then the earlier of several maps. */
  private merge(into: Map<string, Entry>, node: Node, path: Path, at: Position | undefined): void {
    const sources = node.kind === "list" ? node.items : [node];
    for (const source of sources) {
      if (source.kind !== "map") {
        const message = "`<<` merges a map or a list of maps, usually `<<: *name`";
        this.findings.error("MERGE_NOT_MAP", message, path, at);
        return;
      }
      for (const [key, entry] of source.entries) if (!into.has(key)) into.set(key, entry);
    }
  }

  /** Notes how much the node stands for; beyond the bound one error is enough, and an empty stand-in goes on. */
  private measured(node: Node, children: readonly Node[], path: Path): Node {
    let nodes = 1;
    let depth = 0;
    let characters = 0;
    if (node.kind === "map") for (const key of node.entries.keys()) characters += key.length;
    for (const child of children) {
      const extent = this.extents.get(child) ?? extentOfLeaf(child);
      nodes += extent.nodes;
      depth = Math.max(depth, extent.depth);
      characters += extent.characters;
    }
    if (nodes <= MAX_NODES && depth < MAX_DEPTH && characters <= MAX_WRITTEN_OUT) {
      this.extents.set(node, { nodes, depth: depth + 1, characters });
      return node;
    }
    if (!this.overflow) {
      this.overflow = true;
      if (characters > MAX_WRITTEN_OUT)
        this.findings.error(
          "FILE_TOO_LARGE",
          `the file stands for more than ${MAX_WRITTEN_OUT} characters once its aliases are written out`,
          path.slice(0, 8),
          node.at,
        );
      else if (nodes > MAX_NODES)
        this.findings.error(
          "TOO_MANY_NODES",
          `the file stands for more than ${MAX_NODES} values once its aliases are written out`,
          path.slice(0, 8),
          node.at,
        );
      else
        this.findings.error(
          "TOO_DEEP",
          `lists and maps stand more than ${MAX_DEPTH} deep inside each other`,
          path.slice(0, 8),
          node.at,
        );
    }
    return this.missing(node.at);
  }

  /** Neither a process argument nor PostgreSQL can hold these, and Python can't send half a character either. */
  private checkText(text: string, path: Path, at: Position | undefined): void {
    if (text.includes("\0"))
      this.findings.error(
        "TEXT_UNUSABLE",
        "a text holds the character NUL, which no program argument can",
        path,
        at,
      );
    else if (LONE_SURROGATE.test(text))
      this.findings.error(
        "TEXT_UNUSABLE",
        "a text holds half of a character (a lone surrogate such as \\ud800)",
        path,
        at,
      );
  }

  private checkCollectionTag(tag: string | undefined, path: Path, at: Position | undefined): void {
    if (
      tag === undefined ||
      tag === "!" ||
      (tag.startsWith(CORE_TAG) && COLLECTION_TAGS.has(tag.slice(CORE_TAG.length)))
    )
      return;
    this.findings.error("TAG_UNREADABLE", `a list or map can't be read as ${tag}; remove the tag`, path, at);
  }

  private missing(at: Position | undefined): ScalarNode {
    return { kind: "scalar", value: null, text: "", quoted: false, at };
  }

  private positionOf(source: unknown): Position | undefined {
    if (!isScalar(source) && !isMap(source) && !isSeq(source) && !isAlias(source)) return undefined;
    return source.range ? this.toPosition(source.range[0]) : undefined;
  }
}

/** As long as its text and the quotes: then nothing in it is escaped or folded. */
function leadOf({ range, type }: Scalar, text: string): 0 | 1 | undefined {
  const around = range ? range[1] - range[0] - text.length : Number.NaN;
  if (type === "PLAIN" && around === 0) return 0;
  return type?.startsWith("QUOTE") && around === 2 ? 1 : undefined;
}

const extentOfLeaf = (node: Node): Extent => ({
  nodes: 1,
  depth: 0,
  characters: node.kind === "scalar" ? node.text.length : 0,
});
