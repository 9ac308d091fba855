import type { OutputLine } from "@/graphql/operations";

export interface EndsOptions {
  put: (line: OutputLine) => void;
  /** Said once, when output begins to be left out. */
  onCut: (message: string) => void;
  /** Bytes of the beginning that are kept, and characters of the end. */
  headBytes?: number;
  tailLength?: number;
}

/** Half of what the server keeps of an attempt (64 MiB), so that the end has room in any case. */
const HEAD_BYTES = 32 * 1024 * 1024;
/** In memory until the end: 64 slots that all print without end hold 64 MB. */
const TAIL_LENGTH = 1024 * 1024;

/**
 * Bounds what one attempt prints: the beginning goes on as it comes, and of the rest the end is kept and passed on
 * when the program is over, behind a line that says how much is missing. What a failing program says last is what one wants to read.
 */
export class Ends {
  private headLeft: number;
  private readonly tail: OutputLine[] = [];
  /** Where the tail begins in its array: taking lines off its front one by one would move all others each time. */
  private first = 0;
  private tailLength = 0;
  private cutLines = 0;
  private cutBytes = 0;

  constructor(private readonly options: EndsOptions) {
    this.headLeft = options.headBytes ?? HEAD_BYTES;
  }

  push(line: OutputLine): void {
    if (this.headLeft > 0) {
      this.headLeft -= Buffer.byteLength(line.text);
      this.options.put(line);
      if (this.headLeft <= 0)
        this.options.onCut(
          `printed more than ${toMebibytes(this.options.headBytes ?? HEAD_BYTES)}: from here on only the end of its output is kept, and shown when it is over`,
        );
      return;
    }
    this.tail.push(line);
    this.tailLength += line.text.length;
    const { tailLength = TAIL_LENGTH } = this.options;
    while (this.tailLength > tailLength && this.first < this.tail.length - 1) this.drop();
    if (this.first <= 10_000) return;
    this.tail.splice(0, this.first);
    this.first = 0;
  }

  /** Nothing more is coming. */
  end(): void {
    const kept = this.tail.splice(0).slice(this.first);
    const [next] = kept;
    if (next && this.cutLines > 0) {
      const text = `[besom: ${this.cutLines} lines (${toMebibytes(this.cutBytes)}) are left out here]\n`;
      this.options.put({ ...next, text });
    }
    for (const line of kept) this.options.put(line);
  }

  private drop(): void {
    const text = this.tail[this.first]?.text ?? "";
    this.first++;
    this.tailLength -= text.length;
    this.cutLines++;
    this.cutBytes += Buffer.byteLength(text);
  }
}

const toMebibytes = (bytes: number): string =>
  bytes >= 1024 * 1024 ? `${(bytes / 1024 / 1024).toFixed(1)} MiB` : `${bytes} bytes`;
