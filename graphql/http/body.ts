import type { IncomingMessage } from "node:http";
import { AppError } from "@/core/errors";

/** The whole body, refused as soon as it is known to be longer than `maxBytes`. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > maxBytes) return reject(tooLarge(announced, maxBytes));
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        request.removeAllListeners("data");
        reject(tooLarge(length, maxBytes));
      } else chunks.push(chunk);
    });
    request.once("end", () => {
      const [only] = chunks;
      resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks, length));
    });
    request.once("error", reject);
    // A caller that goes away in the middle would leave this promise, and its buffers, waiting for ever.
    request.once("close", () => {
      if (!request.complete)
        reject(new AppError("BAD_INPUT", "the request ended before its body was complete"));
    });
  });
}

const tooLarge = (length: number, maxBytes: number) =>
  new AppError(
    "INPUT_TOO_LARGE",
    `the request body has at least ${length} bytes; at most ${maxBytes} are taken: send smaller batches`,
    { details: { length, maxBytes } },
  );
