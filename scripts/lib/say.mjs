import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout; a path with a space is nothing special. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const [dim, plain] = process.stderr.isTTY && !process.env.NO_COLOR ? ["\x1b[2m", "\x1b[0m"] : ["", ""];

/** What a script is about to do. To stderr, since stdout belongs to what was asked for. */
export const say = (message) => process.stderr.write(`${dim}besom: ${message}${plain}\n`);

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
