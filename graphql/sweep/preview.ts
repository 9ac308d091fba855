import { stringifyJson } from "@/core/value";
import { previewSweep, type SweepPreview } from "@/engine/preview-sweep";
import { builder } from "../builder";
import { type Failure, toFailure } from "../errors";
import { FailureType } from "../verb";

type PreviewRun = SweepPreview["runs"][number];

const PreviewRunType = builder.objectRef<PreviewRun>("PreviewRun").implement({
  description: "A configuration that a sweep would hand out.",
  fields: (t) => ({
    params: t.string({
      description: "Its parameters as JSON text, in which 1.0 is not 1.",
      resolve: ({ params }) => stringifyJson(params),
    }),
    displayName: t.exposeString("displayName", {
      nullable: true,
      description: "Its name after the file's run_name; null without one.",
    }),
  }),
});

const SweepPreviewType = builder
  .objectRef<{ preview?: SweepPreview; error?: Failure }>("SweepPreview")
  .implement({
    description: "What createSweep would make of a file. Nothing is stored.",
    fields: (t) => ({
      size: t.string({
        nullable: true,
        description: "Points of its space times repeats, decimal; null without an end.",
        resolve: ({ preview }) => preview?.size ?? null,
      }),
      exact: t.boolean({
        description:
          "The runs are the first that the sweep would hand out; else examples, for want of a seed.",
        resolve: ({ preview }) => preview?.exact ?? false,
      }),
      runs: t.field({
        type: [PreviewRunType],
        description: "Some of its runs.",
        resolve: ({ preview }) => [...(preview?.runs ?? [])],
      }),
      error: t.field({
        type: FailureType,
        nullable: true,
        description: "Why createSweep would refuse the file.",
        resolve: ({ error }) => error ?? null,
      }),
    }),
  });

builder.queryField("previewSweep", (t) =>
  t.field({
    type: SweepPreviewType,
    description: "What createSweep would make of a sweep file: how many runs, and some of them.",
    args: {
      source: t.arg.string({ required: true, description: "The file's text, YAML or JSON." }),
      count: t.arg.int({ description: "How many runs to show, at most 20; 5 when absent." }),
    },
    resolve: (_root, { source, count }, { access }) => {
      try {
        return { preview: previewSweep({ access }, { source, count: count ?? 5 }) };
      } catch (error) {
        const failure = toFailure(error);
        if (failure === undefined || failure.code === "UNAUTHENTICATED" || failure.code === "FORBIDDEN")
          throw error;
        return { error: failure };
      }
    },
  }),
);
