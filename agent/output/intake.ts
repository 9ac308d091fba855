import type { Delivery } from "@/client/delivery";
import { toSafeText } from "@/client/wire";
import type { Goal } from "@/core/sweep";
import { foldReturns, LineSplitter } from "./lines";
import { parseMetricLine } from "./metric-line";
import { Readings } from "./readings";

export interface IntakeOptions {
  delivery: Pick<Delivery, "log" | "print">;
  metric?: { name: string; goal: Goal } | undefined;
  /** Said once a run, to the terminal. */
  onWarning: (message: string) => void;
  /** Each line as it is printed. */
  echo?: ((line: string) => void) | undefined;
  maxOutputBytes?: number;
}

/** What is kept of one attempt's output: beyond it the run goes on, its printing is not stored. Metrics are. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const KEPT_LINES = 20;

/** Takes what one training process prints: every line is output, and lines of JSON on stdout are metrics as well. */
export class Intake {
  /** The last lines of both streams, for the terminal when the run fails. */
  readonly lastLines: string[] = [];
  /** The last thing said on stderr: nearly always the reason of a failure. */
  lastWords: string | undefined;
  private readonly readings: Readings;
  private readonly splitters: Record<"stdout" | "stderr", LineSplitter>;
  private outputBytes = 0;
  private warnedOfStep = false;

  constructor(private readonly options: IntakeOptions) {
    this.readings = new Readings({
      metric: options.metric,
      onPoint: (point) => options.delivery.log(point),
    });
    this.splitters = {
      stdout: new LineSplitter((line) => {
        this.readMetric(line);
        this.keep("stdout", line);
      }),
      stderr: new LineSplitter((line) => this.keep("stderr", line)),
    };
  }

  get best(): number | undefined {
    return this.readings.best;
  }

  push(stream: "stdout" | "stderr", text: string): void {
    this.splitters[stream].push(text);
  }

  end(): void {
    this.splitters.stdout.end();
    this.splitters.stderr.end();
    this.readings.end();
  }

  private readMetric(line: string): void {
    const metrics = parseMetricLine(line);
    if (!metrics) return;
    if (this.readings.read(metrics, Date.now()) || this.warnedOfStep) return;
    this.warnedOfStep = true;
    this.options.onWarning(
      `metrics of step ${metrics.step} came after a later step and are not kept: steps must go forward`,
    );
  }

  private keep(stream: "stdout" | "stderr", line: string): void {
    const text = toSafeText(foldReturns(line));
    this.options.echo?.(text);
    this.lastLines.push(text);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
    if (stream === "stderr" && text.trim() !== "") this.lastWords = text.trim();
    this.deliver(stream, text);
  }

  private deliver(stream: "stdout" | "stderr", text: string): void {
    const { delivery, maxOutputBytes = MAX_OUTPUT_BYTES } = this.options;
    if (this.outputBytes > maxOutputBytes) return;
    this.outputBytes += text.length + 1;
    const kept =
      this.outputBytes > maxOutputBytes
        ? `besom: output beyond ${maxOutputBytes} characters is not stored`
        : text;
    delivery.print({ stream, time: Date.now(), text: `${kept}\n` });
  }
}
