/**
 * Cuts a stream of text into lines. A piece ends at a newline, or (so that a program which never prints one can't
 * fill memory) after `maxLength` characters. A carriage return before the newline is dropped.
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
    this.rest += text.slice(start);
    if (this.rest.length > this.maxLength) this.end();
  }

  /** The last line may lack its newline. */
  end(): void {
    if (this.rest !== "") this.emit(this.rest);
    this.rest = "";
  }

  private emit(line: string): void {
    const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
    for (let at = 0; at === 0 || at < whole.length; at += this.maxLength)
      this.onLine(whole.length <= this.maxLength ? whole : whole.slice(at, at + this.maxLength));
  }
}

/** A table or histogram logged as one line of JSON may be long; a stream without newlines must not be kept. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** What a terminal would show of a line in which a progress bar redrew itself: the text after the last return. */
export function foldReturns(line: string): string {
  const at = line.lastIndexOf("\r");
  return at === -1 ? line : line.slice(at + 1);
}
