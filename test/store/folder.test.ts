import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFolder } from "@/store/folder";
import { chunksOf, describeStore, newPlace } from "../contract/store";

describe("a folder", () => {
  describeStore(async () => {
    const folder = mkdtempSync(join(tmpdir(), "besom-store-"));
    return {
      store: await openFolder(join(folder, "files")),
      look: async () => filesIn(folder).length,
      close: async () => rmSync(folder, { recursive: true, force: true }),
    };
  });
});

test("files are their owner's alone, and lie in folders by their first two digits", () =>
  withFolder(async (folder) => {
    const store = await openFolder(folder);
    const place = newPlace();
    await store.put(place, chunksOf(Buffer.from("x")), { maxBytes: 10 });
    const path = join(folder, place.slice(0, 2), place);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(filesIn(folder)).toEqual([path]);
  }));

test("one that is being read is read to its end when it is removed", () =>
  withFolder(async (folder) => {
    const store = await openFolder(folder);
    const [place, bytes] = [newPlace(), Buffer.alloc(3_000_000, 7)];
    await store.put(place, chunksOf(bytes), { maxBytes: 1e7 });
    const stream = await store.get(place);
    await store.remove(place);
    let length = 0;
    for await (const chunk of stream ?? []) length += chunk.length;
    expect(length).toBe(3_000_000);
  }));

test("while less is free than the reserve, files are refused and those that are there can be read", () =>
  withFolder(async (folder) => {
    const place = newPlace();
    await (await openFolder(folder)).put(place, chunksOf(Buffer.from("x")), { maxBytes: 10 });
    const full = await openFolder(folder, { reserveBytes: Number.MAX_SAFE_INTEGER });
    const huge = { maxBytes: 1e15, expectedBytes: 1e15 };
    await expect(full.put(newPlace(), chunksOf(Buffer.from("x")), huge)).rejects.toMatchObject({
      code: "DISK_FULL",
      status: 507,
    });
    expect(filesIn(folder)).toHaveLength(1);
    const stream = await full.get(place);
    expect(stream).toBeDefined();
    stream?.destroy();
  }));

test("a folder that can't be made is told with the setting that names another", () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, "taken"), "");
    await expect(openFolder(join(folder, "taken/files"))).rejects.toMatchObject({
      code: "DATA_DIR_UNREACHABLE",
      message: expect.stringContaining("BESOM_FILES_DIR"),
    });
  }));

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "besom-store-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
