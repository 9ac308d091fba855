import { AppError } from "@/core/errors";
import {
  type Histogram,
  MEDIA_KINDS,
  type MediaItem,
  type MediaLayer,
  type MediaSource,
  readMedia,
} from "@/core/media";
import type { MediaKeyRow, MediaQuery, MediaRow } from "@/db/queries/media";
import { builder } from "../builder";
import type { Context } from "../context";
import { toLookup } from "../ids";
import { Run } from "../refs";
import { fileAddress, sourceAddress } from "./files";
import { MediaTable, readSourceTable, readTable } from "./media-table";

/** Pictures, tables, sound and the like that a run logged beside its numbers. */

const MAX_STEPS = { usual: 1_000, most: 10_000 } as const;
const MAX_ENTRIES = 200;
const MAX_TABLE_ROWS = 1_000;

export const MediaKind = builder.enumType("MediaKind", {
  description:
    "What was logged: image, table, histogram, audio, video, html, plotly (a figure as JSON), object3D (points or a model), molecule, bokeh; file: something else with a file.",
  values: MEDIA_KINDS,
});

type Item = MediaItem & { readonly runId: number };
type Layer = MediaLayer & { readonly runId: number };

const addressOf = async (
  { runId, path, source = null }: { runId: number; path: string | null; source?: MediaSource | null },
  context: Context,
  may?: "show-run-file",
): Promise<string | null> => {
  const file = path === null ? undefined : await context.loaders.file.load({ runId, name: path });
  if (file !== undefined) return fileAddress(context, file, may);
  // What a page of an artifact is framed by is the run's own file alone.
  const entry = source === null || may ? undefined : await context.loaders.source.load({ runId, ...source });
  return entry === undefined ? null : sourceAddress(context, entry);
};

const HistogramType = builder.objectRef<Histogram>("Histogram").implement({
  description: "How values were distributed.",
  fields: (t) => ({
    edges: t.field({
      type: "Column",
      description: "Where the bins begin and end, rising: one more than there are bins.",
      resolve: ({ edges }) => edges,
    }),
    counts: t.field({
      type: "Column",
      description: "How many values each bin has, or which part of them.",
      resolve: ({ counts }) => counts,
    }),
  }),
});

const LayerType = builder.objectRef<Layer>("MediaLayer").implement({
  description: "Something that lies over a picture.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Such as predictions or ground_truth." }),
    kind: t.exposeString("kind", {
      description:
        "boxes: a JSON file {box_data, class_labels}. mask: a picture in which a pixel's value is its class.",
    }),
    path: t.exposeString("path", { description: "The run's file." }),
    url: t.string({
      nullable: true,
      description: "Its bytes, for one to two hours; null until they have come.",
      resolve: (layer, _args, context) => addressOf(layer, context),
    }),
  }),
});

const ItemType = builder.objectRef<Item>("MediaItem").implement({
  description: "One picture, table, sound or the like.",
  fields: (t) => ({
    kind: t.expose("kind", { type: MediaKind, description: "What it is." }),
    caption: t.exposeString("caption", { nullable: true, description: "What its program says below it." }),
    path: t.exposeString("path", {
      nullable: true,
      description: "The run's file; null where there is none.",
    }),
    width: t.exposeFloat("width", { nullable: true, description: "Of a picture or a film, in pixels." }),
    height: t.exposeFloat("height", { nullable: true, description: "Of a picture or a film, in pixels." }),
    seconds: t.exposeFloat("seconds", {
      nullable: true,
      description: "How long a sound takes, where that was said.",
    }),
    rowCount: t.float({
      nullable: true,
      description: "Rows of a table, as it was logged.",
      resolve: ({ rows }) => rows,
    }),
    size: t.float({
      nullable: true,
      description: "Bytes of its file; null until they have come.",
      resolve: async ({ runId, path }, _args, { loaders }) =>
        path === null ? null : (await loaders.file.load({ runId, name: path }))?.bytes,
    }),
    url: t.string({
      nullable: true,
      description: "Its bytes, for one to two hours; null until they have come.",
      resolve: (item, _args, context) => addressOf(item, context),
    }),
    frameUrl: t.string({
      nullable: true,
      description:
        "Of html: for a frame. What is in it runs in an origin of its own and reaches nothing over the network.",
      resolve: (item, _args, context) =>
        item.kind === "html" ? addressOf(item, context, "show-run-file") : null,
    }),
    layers: t.field({
      type: [LayerType],
      description: "Boxes and masks over a picture; at most 32.",
      resolve: ({ runId, layers }) => layers.map((layer) => ({ ...layer, runId })),
    }),
    histogram: t.field({
      type: HistogramType,
      nullable: true,
      description: "The numbers of a histogram.",
      resolve: ({ histogram }) => histogram,
    }),
    table: t.field({
      type: MediaTable,
      nullable: true,
      description: "Of a table: a page of its rows; null until its file has come.",
      args: {
        first: t.arg.int({
          description: `Rows at most, up to ${MAX_TABLE_ROWS}; 50 when absent. Long rows make a shorter page.`,
        }),
        after: t.arg.string({ description: "The endCursor of the page before." }),
      },
      resolve: async ({ kind, runId, path, source }, { first, after }, context) => {
        const rows = checkCount("first", first, 50, MAX_TABLE_ROWS);
        if (kind !== "table") return null;
        const entry = source ? await context.loaders.source.load({ runId, ...source }) : undefined;
        if (entry !== undefined) return readSourceTable(context, entry, rows, after);
        const file = path === null ? undefined : await context.loaders.file.load({ runId, name: path });
        return file === undefined ? null : readTable(context, file, rows, after);
      },
    }),
  }),
});

const EntryType = builder.objectRef<MediaRow & { readonly runId: number }>("MediaEntry").implement({
  description: "What was logged under one name at one step.",
  fields: (t) => ({
    step: t.exposeFloat("step", { description: "The step." }),
    time: t.exposeFloat("time", { description: "Milliseconds since 1970." }),
    items: t.field({
      type: [ItemType],
      description: "The things in it, in their order; at most 1000.",
      resolve: ({ json, runId }) => readMedia(json).map((item) => ({ ...item, runId })),
    }),
  }),
});

const MediaType = builder.objectRef<MediaKeyRow>("Media").implement({
  description: "All that a run logged under one name of pictures, tables and the like.",
  fields: (t) => ({
    key: t.exposeString("key", { description: "The name." }),
    kind: t.expose("kind", { type: MediaKind, description: "What was logged last." }),
    total: t.int({
      description: "At how many steps.",
      resolve: async ({ runId, key }, _args, { loaders }) =>
        (await loaders.mediaSteps({ runId, key, count: MAX_STEPS.usual })).total,
    }),
    steps: t.field({
      type: "Column",
      description:
        "At which steps. Of more than so many those that are evenly spread over them, the last one among them.",
      args: {
        samples: t.arg.int({
          description: `So many at most, up to ${MAX_STEPS.most}; ${MAX_STEPS.usual} when absent.`,
        }),
      },
      resolve: async ({ runId, key }, { samples }, { loaders }) => {
        const count = checkCount("samples", samples, MAX_STEPS.usual, MAX_STEPS.most);
        return (await loaders.mediaSteps({ runId, key, count })).steps;
      },
    }),
    entries: t.field({
      type: [EntryType],
      description:
        "What was logged, by step: the first ones, the last ones (one, when nothing is said), or some evenly spread over all.",
      args: {
        first: t.arg.int({ description: `The first ones, at most ${MAX_ENTRIES}.` }),
        last: t.arg.int({ description: `Or the last ones, at most ${MAX_ENTRIES}.` }),
        samples: t.arg.int({
          description: `Or so many evenly spread over all, the last one among them; at most ${MAX_ENTRIES}.`,
        }),
        minStep: t.arg.float({ description: "Only from this step on." }),
        maxStep: t.arg.float({ description: "Only up to this step." }),
      },
      resolve: async ({ runId, key }, args, { loaders }) => {
        const { rows } = await loaders.media({ runId, key, ...toPick(args) });
        return rows.map((row) => ({ ...row, runId }));
      },
    }),
  }),
});

builder.objectFields(Run, (t) => ({
  media: t.field({
    type: [MediaType],
    description: "Pictures, tables, sound and the like that its current attempt logged, by name.",
    args: { keys: t.arg.stringList({ description: "Only these names; all when absent." }) },
    resolve: async ({ id, attempt }, { keys }, { loaders }) => {
      const wanted = keys && new Set(keys.map((key) => toLookup("keys", key)));
      const rows = attempt === 0 ? [] : await loaders.mediaKeys.load(id);
      return wanted ? rows.filter(({ key }) => wanted.has(key)) : rows;
    },
  }),
}));

interface PickArgs {
  first?: number | null | undefined;
  last?: number | null | undefined;
  samples?: number | null | undefined;
  minStep?: number | null | undefined;
  maxStep?: number | null | undefined;
}

function toPick(args: PickArgs): Omit<MediaQuery, "runId" | "key"> {
  const { first, last, samples, minStep, maxStep } = args;
  if ([first, last, samples].filter((count) => count != null).length > 1)
    throw new AppError("BAD_INPUT", "entries takes one of first, last and samples");
  const range = { minStep: toStep("minStep", minStep), maxStep: toStep("maxStep", maxStep) };
  if (first != null) return { ...range, pick: "first", count: checkCount("first", first, 1, MAX_ENTRIES) };
  if (samples != null)
    return { ...range, pick: "spread", count: checkCount("samples", samples, 1, MAX_ENTRIES) };
  return { ...range, pick: "last", count: checkCount("last", last, 1, MAX_ENTRIES) };
}

function toStep(name: string, step: number | null | undefined): number | undefined {
  if (step == null || Number.isSafeInteger(step)) return step ?? undefined;
  throw new AppError("BAD_INPUT", `${name} is ${step}, expected a whole number`);
}

function checkCount(name: string, count: number | null | undefined, usual: number, most: number): number {
  const wanted = count ?? usual;
  if (wanted >= 1 && wanted <= most) return wanted;
  throw new AppError("BAD_INPUT", `${name} is ${wanted}, expected from 1 to ${most}`);
}
