import { isFileName } from "./file-name";

/**
 * Pictures, tables, sound and the like as a history keeps them: JSON values with a `_type`, in the shapes that wandb's client logs
 * (wandb/sdk/data_types). The bytes are files of the run; a histogram has its numbers in it. They are somebody's program's words, so
 * nothing here trusts a shape, and what can't be read as anything is nothing.
 */

export const MEDIA_KINDS = [
  "image",
  "table",
  "histogram",
  "audio",
  "video",
  "html",
  "plotly",
  "object3D",
  "molecule",
  "bokeh",
  "file",
] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** Boxes or a mask over a picture: a file of its own. */
export interface MediaLayer {
  readonly name: string;
  readonly kind: "boxes" | "mask";
  readonly path: string;
}

/** An entry of a version of an artifact, as its client calls that. */
export interface MediaSource {
  readonly clientId: string;
  readonly entry: string;
}

/** `edges` has one number more than `counts`. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface MediaItem {
  readonly kind: MediaKind;
  /** The run's file; null where there is none. */
  readonly path: string | null;
  /** Where it was logged as an artifact, too: a table's pictures are there alone. */
  readonly source: MediaSource | null;
  readonly caption: string | null;
  /** In pixels. */
  readonly width: number | null;
  readonly height: number | null;
  /** Of a sound. */
  readonly seconds: number | null;
  /** Of a table, as it was logged. */
  readonly rows: number | null;
  readonly layers: readonly MediaLayer[];
  readonly histogram: Histogram | null;
}

/** W&B's client sends at most 108 pictures at once; a file of a thousand is somebody's own. */
export const MAX_MEDIA_ITEMS = 1_000;
/** 108 pictures with boxes and masks over each have some 100,000 characters. */
const MAX_MEDIA_TEXT = 1_000_000;
/** W&B's client takes at most 512. */
const MAX_BINS = 4_096;
const MAX_LAYERS = 32;

/** By `_type`: one thing, or several in a list of the name that stands beside it. */
const TYPES: ReadonlyMap<unknown, readonly [kind: MediaKind, list?: string]> = new Map(
  Object.entries<readonly [kind: MediaKind, list?: string]>({
    "image-file": ["image"],
    "images/separated": ["image"],
    "table-file": ["table"],
    "incremental-table-file": ["table"],
    histogram: ["histogram"],
    "audio-file": ["audio"],
    audio: ["audio", "audio"],
    "video-file": ["video"],
    videos: ["video", "videos"],
    "html-file": ["html"],
    html: ["html", "html"],
    "plotly-file": ["plotly"],
    "object3D-file": ["object3D"],
    object3D: ["object3D", "objects"],
    "molecule-file": ["molecule"],
    molecule: ["molecule"],
    "bokeh-file": ["bokeh"],
  }),
);
/** Lists in lists: values of a history are nested 200 deep at most, pictures once. */
const MOST_LISTS = 200;

/** What kind of thing a value of a history is; undefined for what is none: a text, a boolean, a list of numbers. */
export function mediaKindOf(given: unknown): MediaKind | undefined {
  let value = given;
  for (let lists = 0; Array.isArray(value) && lists < MOST_LISTS; lists++) value = value[0];
  if (!isMap(value) || typeof value._type !== "string") return undefined;
  return TYPES.get(value._type)?.[0] ?? (typeof value.path === "string" ? "file" : undefined);
}

/** The same of JSON text, which is not read unless it may be one: each change of a run asks for all that it logged last. */
export function mediaKindOfJson(json: string | null | undefined): MediaKind | undefined {
  if (!json || json.length > MAX_MEDIA_TEXT || !json.includes('"_type"')) return undefined;
  return mediaKindOf(parse(json));
}

/** The things in one value, at most MAX_MEDIA_ITEMS of them. */
export function readMedia(json: string): MediaItem[] {
  return itemsOf(parse(json)).slice(0, MAX_MEDIA_ITEMS);
}

function itemsOf(value: unknown, lists = 0): MediaItem[] {
  if (Array.isArray(value))
    return lists < MOST_LISTS
      ? value.slice(0, MAX_MEDIA_ITEMS).flatMap((one) => itemsOf(one, lists + 1))
      : [];
  const kind = mediaKindOf(value);
  if (kind === undefined || !isMap(value)) return [];
  const [, list] = TYPES.get(value._type) ?? [];
  const [captions, durations] = [listOf(value.captions), listOf(value.durations)];
  if (list !== undefined)
    return listOf(value[list]).flatMap((one, i) => {
      if (!isMap(one)) return [];
      const caption = textOf(one.caption) ?? textOf(captions[i]);
      return [{ ...toItem(kind, one), caption, seconds: countOf(durations[i]) }];
    });
  if (!Array.isArray(value.filenames)) return [toItem(kind, value)];
  const [boxes, masks] = [listOf(value.all_boxes), listOf(value.all_masks)];
  return value.filenames.slice(0, MAX_MEDIA_ITEMS).map((path, i) => ({
    ...toItem(kind, { ...value, path, boxes: boxes[i], masks: masks[i] }),
    caption: textOf(captions[i]),
  }));
}

function toItem(kind: MediaKind, value: Readonly<Record<string, unknown>>): MediaItem {
  return {
    kind,
    path: nameOf(value.path),
    source: sourceOf(value.artifact_path),
    caption: textOf(value.caption),
    width: countOf(value.width),
    height: countOf(value.height),
    seconds: null,
    rows: kind === "table" ? countOf(value.nrows) : null,
    layers: [...layersOf("boxes", value.boxes), ...layersOf("mask", value.masks)].slice(0, MAX_LAYERS),
    histogram: kind === "histogram" ? readHistogram(value) : null,
  };
}

function sourceOf(address: unknown): MediaSource | null {
  const [, clientId, entry] =
    (typeof address === "string" && /^wandb-client-artifact:\/\/([\w-]{1,200})\/(.+)$/.exec(address)) || [];
  return clientId === undefined || entry === undefined || !isFileName(entry) ? null : { clientId, entry };
}

const layersOf = (kind: MediaLayer["kind"], value: unknown): MediaLayer[] =>
  Object.entries(isMap(value) ? value : {}).flatMap(([name, layer]) =>
    isMap(layer) && nameOf(layer.path) !== null ? [{ name, kind, path: String(layer.path) }] : [],
  );

/** Edges as they are (`bins`), or from where, how wide and how many (`packedBins`). */
function readHistogram(value: Readonly<Record<string, unknown>>): Histogram | null {
  const counts = listOf(value.values);
  if (counts.length === 0 || counts.length > MAX_BINS || !counts.every(isNumber)) return null;
  const edges = Array.isArray(value.bins) ? value.bins : unpackEdges(value.packedBins, counts.length);
  if (edges.length !== counts.length + 1 || !edges.every(isNumber)) return null;
  const rises = edges.every((edge, i) => i === 0 || edge >= (edges[i - 1] ?? edge));
  return rises && counts.every((count) => count >= 0) ? { edges, counts } : null;
}

function unpackEdges(packed: unknown, count: number): unknown[] {
  const { min, size } = isMap(packed) ? packed : {};
  if (!isNumber(min) || !isNumber(size)) return [];
  return Array.from({ length: count + 1 }, (_, i) => min + i * size);
}

type Json = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
/** What no file can be called is not looked for: NUL alone would break the question. */
const nameOf = (value: unknown): string | null =>
  typeof value === "string" && isFileName(value) ? value : null;
const countOf = (value: unknown): number | null => (isNumber(value) && value >= 0 ? value : null);

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
