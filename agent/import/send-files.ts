import { TRANSIENT } from "@/client/client";
import { isAppError } from "@/core/errors";
import type { RunFile } from "./run-files";
import type { RunPath, WandbDoor } from "./wandb-door";

/** Addresses are asked for so many at a time. */
const MOST_NAMES = 500;

/**
 * Sends a run's files, one after the other.
 * @returns a sentence for each that the server does not take (its name, its size): the run comes in without it
 */
export async function sendFiles(
  files: Iterable<RunFile>,
  path: RunPath & { entity: string },
  door: Pick<WandbDoor, "addressesOf" | "put">,
): Promise<string[]> {
  const left: string[] = [];
  const flush = async (piece: readonly RunFile[]): Promise<void> => {
    if (piece.length === 0) return;
    const addresses = await door.addressesOf(
      path,
      piece.map(({ name }) => name),
    );
    for (const [i, file] of piece.entries()) {
      const refusal = await put(door, addresses[i], file);
      if (refusal !== undefined) left.push(`${file.path} is left out: ${refusal}`);
    }
  };
  let piece: RunFile[] = [];
  for (const file of files) {
    piece.push(file);
    if (piece.length < MOST_NAMES) continue;
    await flush(piece);
    piece = [];
  }
  await flush(piece);
  return left;
}

async function put(
  door: Pick<WandbDoor, "put">,
  address: string | undefined,
  file: RunFile,
): Promise<string | undefined> {
  if (address === undefined) return "no file of a run can be called so";
  try {
    await door.put(address, file);
    return undefined;
  } catch (error) {
    if (!isAppError(error) || TRANSIENT.has(error.code)) throw error;
    return error.message;
  }
}
