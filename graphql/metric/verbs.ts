import { type LogMetricsResult, logMetrics } from "@/engine/report-metrics";
import { logOutput } from "@/engine/report-output";
import { builder } from "../builder";
import { AttemptCommandKind, OutputStream } from "../enums";
import { toNumber } from "../ids";
import { mutationId, payload, verb } from "../verb";

const NUMBERED = "Comes back as it was sent: the batch's number is what makes repeating safe.";

verb("logMetrics", {
  description:
    "Stores a batch of metrics. Acknowledged means stored; a repeated batch number is acknowledged and ignored.",
  input: builder.inputType("LogMetricsInput", {
    description: "Metrics of one attempt.",
    fields: (t) => ({
      runId: t.id({ required: true, description: "The run's number as text." }),
      batch: t.field({ type: "MetricBatch", required: true, description: "The metrics, in columns." }),
      clientMutationId: mutationId(t, NUMBERED),
    }),
  }),
  payload: payload<LogMetricsResult>("LogMetricsPayload", "The batch is stored.", (t) => ({
    repeated: t.boolean({
      nullable: true,
      description: "The batch had been taken before; nothing was changed.",
      resolve: ({ answer }) => answer?.repeated ?? null,
    }),
    stale: t.boolean({
      nullable: true,
      description:
        "Another attempt holds the run by now: the data is kept under this one, and its process shall end.",
      resolve: ({ answer }) => answer?.stale ?? null,
    }),
    command: t.field({
      type: AttemptCommandKind,
      nullable: true,
      description: "What shall become of the process, as a heartbeat would say it; null while it may go on.",
      resolve: ({ answer }) => answer?.command ?? null,
    }),
    droppedPoints: t.int({
      nullable: true,
      description: "Points left out because their steps lie below lastStep.",
      resolve: ({ answer }) => answer?.droppedPoints ?? null,
    }),
    lastStep: t.float({
      nullable: true,
      description: "The last step that the attempt has logged.",
      resolve: ({ answer }) => answer?.lastStep ?? null,
    }),
  })),
  run: (context, { runId, batch }) =>
    logMetrics(context, { runId: toNumber("runId", runId), metrics: batch }),
});

const OutputLineInput = builder.inputType("OutputLineInput", {
  description: "One line, or a piece of one.",
  fields: (t) => ({
    stream: t.field({ type: OutputStream, required: true, description: "Where it was written to." }),
    time: t.float({ required: true, description: "Milliseconds since 1970." }),
    text: t.string({ required: true, description: "As it was written." }),
  }),
});

verb("logOutput", {
  description:
    "Stores what the training program printed. A repeated batch number is acknowledged and ignored.",
  input: builder.inputType("LogOutputInput", {
    description: "Output of one attempt.",
    fields: (t) => ({
      runId: t.id({ required: true, description: "The run's number as text." }),
      attempt: t.int({ required: true, description: "Which try." }),
      batch: t.int({ required: true, description: "Numbered from 1 within the attempt." }),
      lines: t.field({ type: [OutputLineInput], required: true, description: "In order." }),
      clientMutationId: mutationId(t, NUMBERED),
    }),
  }),
  payload: payload<{ repeated: boolean; stale: boolean }>(
    "LogOutputPayload",
    "The output is stored.",
    (t) => ({
      repeated: t.boolean({
        nullable: true,
        description: "The batch had been taken before; nothing was changed.",
        resolve: ({ answer }) => answer?.repeated ?? null,
      }),
      stale: t.boolean({
        nullable: true,
        description: "Another attempt holds the run by now, and this one's process shall end.",
        resolve: ({ answer }) => answer?.stale ?? null,
      }),
    }),
  ),
  run: (context, { runId, attempt, batch, lines }) =>
    logOutput(context, { runId: toNumber("runId", runId), attempt, batch, lines }),
});
