/** How often what a line shows so far is passed on: at first, and once it has stood for a minute. */
const LOOK_MS = 1_000;
const PATIENT_LOOK_MS = 5_000;
const PATIENT_AFTER_MS = 60_000;
/** Of a line without an end. Whoever prints more than a screen holds without a newline is no progress bar. */
const MAX_SHOWN = 1_000;

export interface OpenLineOptions {
  /** What a terminal shows of the line at most so many characters long. */
  peek: (length: number) => string;
  /** Text as a terminal would get it: what begins with a carriage return replaces the line. */
  put: (text: string) => void;
  lookMs?: number;
}

/**
 * The line of one stream that has no end yet: a progress bar that is redrawn, a word without a newline. Its newest state is
 * passed on now and then, each time in place of the last one, so that it can be followed; a bar that is drawn
 * 20 times a second for ten hours comes to 7,000 states, not to 700,000.
 */
export class OpenLine {
  private shown: string | undefined;
  private sinceMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: OpenLineOptions) {}

  /** Something was printed. */
  touch(): void {
    if (this.timer || this.options.peek(1) === "") return;
    const nowMs = performance.now();
    if (this.shown === undefined) this.sinceMs = nowMs;
    const patient = nowMs - this.sinceMs > PATIENT_AFTER_MS;
    const waitMs = patient ? PATIENT_LOOK_MS : (this.options.lookMs ?? LOOK_MS);
    this.timer = setTimeout(() => this.look(), waitMs).unref();
  }

  /** The whole line as it is to be passed on now that it has ended. */
  close(line: string): string {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { shown } = this;
    this.shown = undefined;
    if (shown === undefined) return `${line}\n`;
    return shown === line ? "\n" : `\r${line}\n`;
  }

  private look(): void {
    this.timer = undefined;
    const text = this.options.peek(MAX_SHOWN);
    if (text === "" || text === this.shown) return;
    this.options.put(this.shown === undefined ? text : `\r${text}`);
    this.shown = text;
  }
}
