/** W&B's names are paths below a run's folder; the database's index takes 2,700 bytes. */
const MAX_BYTES = 1_024;

/**
 * Is it a path below some folder, whoever reads it: relative, with slashes, without `..` (also percent-encoded), control characters or
 * backslashes? The store never sees it, but programs make files of it when they download.
 */
export function isFileName(name: string): boolean {
  if (
    name === "" ||
    Buffer.byteLength(name) > MAX_BYTES ||
    Buffer.from(name, "utf8").toString("utf8") !== name
  )
    return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f\\]/.test(name)) return false;
  return name
    .split("/")
    .every((segment) => !["", ".", ".."].includes(decode(segment)) && !decode(segment).includes("\0"));
}

/** Twice, as proxies do. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(decodeURIComponent(segment));
  } catch {
    return segment;
  }
}

/** By its ending; what is unknown is bytes, and nobody guesses. */
export function mimeTypeOf(name: string): string {
  const ending = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return TYPES[ending] ?? "application/octet-stream";
}

const TYPES: Readonly<Record<string, string>> = {
  ...{
    txt: "text/plain",
    log: "text/plain",
    patch: "text/plain",
    py: "text/plain",
    md: "text/plain",
    csv: "text/csv",
  },
  ...{
    json: "application/json",
    yaml: "application/yaml",
    yml: "application/yaml",
    html: "text/html",
    pdf: "application/pdf",
  },
  ...{
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    gif: "image/gif",
    webp: "image/webp",
    bmp: "image/bmp",
  },
  ...{
    svg: "image/svg+xml",
    mp4: "video/mp4",
    webm: "video/webm",
    wav: "audio/wav",
    mp3: "audio/mpeg",
    ogg: "audio/ogg",
  },
  ...{ gz: "application/gzip", zip: "application/zip", parquet: "application/vnd.apache.parquet" },
};
