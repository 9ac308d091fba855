/**
 * Cuts a stream of text into lines. A piece ends at a newline, or (so that a program which never prints one can't
 * fill memory) after `maxLength` characters. A carriage return before the newline is dropped, and of a line that redraws
 * itself, as progress bars do, only the last drawing is kept: a bar of a whole night needs no more room than one state of it.
 */
export class LineSplitter {
  private rest = "";

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly maxLength = MAX_LINE_LENGTH,
  ) {}

  push(text: string): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.emit(this.rest + text.slice(start, end));
      this.rest = "";
      start = end + 1;
    }
    this.rest = foldEarlier(this.rest + text.slice(start));
    if (this.rest.length > this.maxLength) this.end();
  }

  /** The last line may lack its newline. */
  end(): void {
    if (this.rest !== "") this.emit(this.rest);
    this.rest = "";
  }

  /** What a terminal shows of the line that has no end yet, at most `length` characters of it. */
  peek(length: number): string {
    return foldReturns(this.rest).slice(0, length);
  }

  private emit(line: string): void {
    const whole = foldReturns(line);
    for (let at = 0; at === 0 || at < whole.length; at += this.maxLength)
      this.onLine(whole.length <= this.maxLength ? whole : whole.slice(at, at + this.maxLength));
  }
}

/** A table or histogram logged as one line of JSON may be long; a stream without newlines must not be kept. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** What a terminal would show of a line in which a progress bar redrew itself: the last text that is not nothing. */
export function foldReturns(line: string): string {
  if (!line.includes("\r")) return line;
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

/** A return at the end stays: what comes next may be a newline, or begin the line anew. */
function foldEarlier(rest: string): string {
  if (!rest.includes("\r")) return rest;
  return foldReturns(rest) + (rest.endsWith("\r") ? "\r" : "");
}
