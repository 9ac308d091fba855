import type { Delivery } from "@/client/delivery";
import { toSafeText } from "@/client/wire";
import type { WarningCode } from "@/core/run";
import type { Goal } from "@/core/sweep";
import { Ends } from "./ends";
import { LineSplitter } from "./lines";
import { type MetricLine, parseMetricLine, parseResumeLine } from "./metric-line";
import { OpenLine } from "./open-line";
import type { ReadPatterns } from "./patterns";
import { Readings } from "./readings";

export interface IntakeOptions {
  delivery: Pick<Delivery, "log" | "print" | "resume">;
  metric?: { name: string; goal: Goal } | undefined;
  /** What a line that is no JSON may hold. */
  patterns?: ReadPatterns | undefined;
  /** Each said once. */
  onWarning: (code: WarningCode, message: string) => void;
  /** Each line as it is printed. */
  echo?: ((line: string) => void) | undefined;
  /** What is kept of the beginning and of the end of a long output. */
  headBytes?: number;
  tailLength?: number;
  /** How often a line without an end is looked at. */
  lookMs?: number;
}

type Stream = "stdout" | "stderr";
interface Tap {
  splitter: LineSplitter;
  open: OpenLine;
}

const KEPT_LINES = 20;

/** Takes what one training process prints: all of it is output, and lines of JSON on stdout are metrics as well. */
export class Intake {
  /** The last lines of both streams, for the terminal when the run fails. */
  readonly lastLines: string[] = [];
  /** The last thing said on stderr: nearly always the reason of a failure. */
  lastWords: string | undefined;
  private readonly readings: Readings;
  private readonly ends: Ends;
  private readonly taps: Readonly<Record<Stream, Tap>>;
  private warnedOfStep = false;

  constructor(private readonly options: IntakeOptions) {
    this.readings = new Readings({
      metric: options.metric,
      onPoint: (point) => options.delivery.log(point),
    });
    this.ends = new Ends({
      put: (line) => options.delivery.print(line),
      onCut: (message) => options.onWarning("OUTPUT_CUT", message),
      ...(options.headBytes !== undefined && { headBytes: options.headBytes }),
      ...(options.tailLength !== undefined && { tailLength: options.tailLength }),
    });
    this.taps = { stdout: this.tap("stdout"), stderr: this.tap("stderr") };
  }

  get best(): number | undefined {
    return this.readings.best;
  }

  /** What was logged, by name; the first thousand. */
  get names(): ReadonlySet<string> {
    return this.readings.names;
  }

  push(stream: Stream, text: string): void {
    const { splitter, open } = this.taps[stream];
    splitter.push(text);
    open.touch();
  }

  end(): void {
    for (const { splitter, open } of Object.values(this.taps)) {
      splitter.end();
      open.close("");
    }
    this.readings.end();
    this.ends.end();
  }

  private tap(stream: Stream): Tap {
    const put = (text: string) => this.ends.push({ stream, time: Date.now(), text });
    const splitter = new LineSplitter((line) => {
      if (stream === "stdout") this.readMetric(line);
      const text = toSafeText(line);
      this.remember(stream, text);
      put(open.close(text));
    });
    const { lookMs } = this.options;
    const open = new OpenLine({
      peek: (length) => toSafeText(splitter.peek(length)),
      put,
      ...(lookMs !== undefined && { lookMs }),
    });
    return { splitter, open };
  }

  private readMetric(line: string): void {
    const resumed = parseResumeLine(line);
    const metrics =
      resumed === undefined ? (parseMetricLine(line) ?? this.options.patterns?.(line)) : undefined;
    if (resumed !== undefined) this.resume(resumed);
    if (metrics) this.take(metrics);
  }

  private take(metrics: MetricLine): void {
    if (this.readings.read(metrics, Date.now())) return;
    this.warnOfStep(
      `metrics of step ${metrics.step} came after a later step and are not kept: steps must go forward`,
    );
  }

  private resume(step: number): void {
    if (this.readings.resume(step)) this.options.delivery.resume(step);
    else
      this.warnOfStep(
        `{"resumed_from_step": ${step}} came after metrics were logged and is ignored: it must come first`,
      );
  }

  private warnOfStep(message: string): void {
    if (this.warnedOfStep) return;
    this.warnedOfStep = true;
    this.options.onWarning("STEP_BACKWARDS", message);
  }

  private remember(stream: Stream, text: string): void {
    this.options.echo?.(text);
    this.lastLines.push(text);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
    if (stream === "stderr" && text.trim() !== "") this.lastWords = text.trim();
  }
}
