import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** A claim's answer has 600 bytes and must not pay for this; below it a packet is a packet. */
const MIN_LENGTH = 2_048;

const encode = {
  // Of eleven levels: 10,000 runs (4.6 MB) become 0.67 MB; the default, 11, makes them 0.50 MB in seventy times the time.
  // Digits of measurements repeat nowhere: 8.1 MB of a chart become 3.3 MB at level 1 in 70 ms, and 3.1 MB at level 4 in 280.
  br: (text: string) =>
    promisify(brotliCompress)(text, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: isMostlyDigits(text) ? 1 : 4,
        [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
      },
    }),
  gzip: (text: string) => promisify(gzip)(text, { level: 4 }),
} as const;

export interface Compressed {
  readonly encoding: keyof typeof encode;
  readonly bytes: Buffer;
}

/** Long answers get shorter, in zlib's own threads; undefined when the caller takes them as they are. */
export async function compress(request: IncomingMessage, text: string): Promise<Compressed | undefined> {
  if (text.length < MIN_LENGTH) return undefined;
  const encoding = choose(request.headers["accept-encoding"]);
  return encoding && { encoding, bytes: await encode[encoding](text) };
}

/** Three quarters of what stands in its middle: columns of a chart have nine tenths, runs in columns a half. */
export function isMostlyDigits(text: string): boolean {
  const sample = text.slice(text.length / 2, text.length / 2 + 4_096);
  return (sample.match(/\d/g)?.length ?? 0) > 0.75 * sample.length;
}

export const mayCompress = (text: string): boolean => text.length >= MIN_LENGTH;

function choose(header: string | string[] | undefined): keyof typeof encode | undefined {
  const accepted = new Set<string>();
  for (const part of String(header ?? "").split(",")) {
    const [name = "", ...parameters] = part.split(";").map((word) => word.trim().toLowerCase());
    if (!parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))) accepted.add(name);
  }
  return accepted.has("br") ? "br" : accepted.has("gzip") ? "gzip" : undefined;
}
