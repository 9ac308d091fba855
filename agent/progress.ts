import { toShown } from "./cells";

/** Lines that a person follows in the terminal. One a happening, the time first; nothing is redrawn. */
export class Progress {
  private running = 0;
  private readonly ended = new Map<string, number>();

  constructor(
    readonly write: (line: string) => void,
    private readonly color: boolean,
  ) {}

  say(message: string): void {
    this.tell(toShown(message));
  }

  warn(message: string): void {
    this.tell(this.paint(toShown(message), 33));
  }

  started(name: string, params: string): void {
    this.running++;
    this.tell(`${this.paint(toShown(name), 1)} started  ${toShown(params)}`);
  }

  finished(name: string, state: string, facts: string): void {
    this.running--;
    this.ended.set(state, (this.ended.get(state) ?? 0) + 1);
    const shade = state === "finished" ? 32 : state === "failed" || state === "crashed" ? 31 : 33;
    const what = `${this.paint(toShown(name), 1)} ${this.paint(state, shade)}`;
    this.tell(`${what}  ${toShown(facts)}  (${this.counts()})`);
  }

  counts(): string {
    const parts = [...this.ended].map(([state, count]) => `${count} ${state}`);
    return [...parts, `${this.running} running`].join(", ");
  }

  private tell(line: string): void {
    this.write(`${this.paint(toClock(new Date()), 90)}  ${line}`);
  }

  private paint(text: string, code: number): string {
    return this.color ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

const toClock = (date: Date): string => date.toTimeString().slice(0, 8);

/** 4.1 s, 3 min 05 s, 2 h 10 min */
export function toDuration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const pad = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${pad((seconds % 3_600) / 60)} min`;
}
