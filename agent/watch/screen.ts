import type { ReadStream, WriteStream } from "node:tty";

export interface Screen {
  readonly width: number;
  readonly height: number;
  /** Shows the lines in place of those before, without flicker: each line is overwritten, not cleared first. */
  show(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/**
 * A whole terminal in its second buffer, as editors use it: what stood there before comes back. `onKey` gets what is
 * typed, Ctrl-C included.
 */
export function openScreen(out: WriteStream, input: ReadStream, onKey: (key: string) => void): Screen {
  out.write(ENTER);
  const raw = input.isTTY && typeof input.setRawMode === "function";
  if (raw) input.setRawMode(true);
  const listen = (bytes: Buffer) => onKey(bytes.toString("latin1"));
  input.on("data", listen);
  input.resume();
  return {
    get width() {
      return out.columns || 80;
    },
    get height() {
      return out.rows || 24;
    },
    show: (lines) => {
      out.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
    },
    close: () => {
      input.off("data", listen);
      if (raw) input.setRawMode(false);
      input.pause();
      out.write(LEAVE);
    },
  };
}
