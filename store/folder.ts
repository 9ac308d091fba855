import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "@/core/errors";
import { checkPlace, type Limits, Metered, type Store, type Stored, storeFull } from "./store";

/** So often while one arrives it is asked how much room is left. */
const LOOK_EVERY_BYTES = 64 * 2 ** 20;

/**
 * A folder of this machine. A file is written aside, flushed to the disk and only then given its name, so it is there whole or not at all,
 * whenever the power goes. 256 folders share them: `3f/3f0a…`.
 * @param reserveBytes stays free: the database beside it, whose own reserve is smaller, goes on when files have filled the disk
 */
export async function openFolder(
  folder: string,
  { reserveBytes = 0 }: { reserveBytes?: number } = {},
): Promise<Store> {
  const arriving = join(folder, "arriving");
  try {
    await mkdir(arriving, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      "DATA_DIR_UNREACHABLE",
      `the folder for files ${folder} can't be made (${why}): set BESOM_FILES_DIR`,
      { cause },
    );
  }
  const pathOf = (place: string) => join(folder, checkPlace(place).slice(0, 2), place);
  const asidePathOf = (place: string) => join(arriving, checkPlace(place));

  async function refuseWhenFull(wanted: number): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(folder);
    const reserve = Math.min(reserveBytes, (blocks * bsize) / 5);
    if (bavail * bsize - wanted < reserve) throw storeFull();
  }

  async function put(place: string, bytes: AsyncIterable<Uint8Array>, limits: Limits): Promise<Stored> {
    const [path, aside] = [pathOf(place), asidePathOf(place)];
    const metered = new Metered(bytes, limits);
    if ((limits.expectedBytes ?? 0) <= limits.maxBytes) await refuseWhenFull(limits.expectedBytes ?? 0);
    try {
      const file = await open(aside, "w", 0o600);
      try {
        let sinceLook = 0;
        for await (const chunk of metered.read()) {
          sinceLook += chunk.length;
          if (sinceLook > LOOK_EVERY_BYTES) {
            await refuseWhenFull(0);
            sinceLook = 0;
          }
          for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await rename(aside, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(aside, { force: true });
      throw isFull(error) ? storeFull(error) : error;
    }
    return metered.done();
  }

  return {
    where: folder,
    put,
    async get(place, range) {
      const path = pathOf(place);
      // Opened before anything is answered: what is deleted from now on can still be read to its end.
      const file = await open(path, "r").catch((error) => {
        if (isAbsent(error)) return undefined;
        throw error;
      });
      return (
        file &&
        createReadStream(path, {
          fd: file,
          ...(range && { start: range.from, end: range.to }),
          highWaterMark: 256 * 1024,
        })
      );
    },
    async remove(place) {
      await rm(pathOf(place), { force: true });
      await rm(asidePathOf(place), { force: true });
    },
    async close() {},
  };
}

/** The new name itself must be on the disk; some file systems know no flush of a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().catch(() => {});
  await handle.close();
}

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);
const isAbsent = (error: unknown) => codeOf(error) === "ENOENT";
const isFull = (error: unknown) => ["ENOSPC", "EDQUOT", "EFBIG"].includes(String(codeOf(error)));
