import { AppError } from "@/core/errors";

/** Our own variables nest 8 levels, a filter 12, a logged value up to 100. */
const MAX_LEVELS = 128;
/** 60 bytes of memory for each 2 of text: what a body of 16 MiB must not be turned into. */
const MAX_CONTAINERS = 500_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * JSON of a request, refused before it is parsed when it nests so deep that recursion over it would overflow the stack
 * (which nobody can catch in time everywhere), or holds more lists and objects than any of ours.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE
 */
export function parseJsonBody(bytes: Buffer): unknown {
  checkShape(bytes);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new AppError("BAD_INPUT", `the request body is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function checkShape(bytes: Buffer): void {
  let level = 0;
  let containers = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      i = endOfString(bytes, i);
      if (i < 0) return; // JSON.parse says what is missing
    } else if (byte === 0x7b || byte === 0x5b) {
      containers++;
      if (++level > MAX_LEVELS)
        throw tooMuch(`nests lists and objects deeper than ${MAX_LEVELS} levels`, MAX_LEVELS);
    } else if (byte === 0x7d || byte === 0x5d) level--;
  }
  if (containers > MAX_CONTAINERS)
    throw tooMuch(
      `holds ${containers} lists and objects; at most ${MAX_CONTAINERS} are taken`,
      MAX_CONTAINERS,
    );
}

/** @returns where the string that begins at `start` has its closing quote; -1 when it has none */
function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

const tooMuch = (what: string, max: number) =>
  new AppError("INPUT_TOO_LARGE", `the request body ${what}`, { details: { max } });
