import { expect, test } from "vitest";
import { readPages } from "@/agent/commands/pages";
import { AppError } from "@/core/errors";

/** A server that holds 1,000 rows and answers with at most `most` of them at once. */
const serverOf = (most: number) => {
  const asked: number[] = [];
  const read = async (first: number, after: string | null) => {
    asked.push(first);
    if (first > most) throw new AppError("QUERY_TOO_LARGE", "too much");
    const from = Number(after ?? 0);
    const nodes = Array.from({ length: Math.min(first, 1_000 - from) }, (_, i) => from + i);
    const end = from + nodes.length;
    return {
      owner: "sweep",
      page: { nodes, pageInfo: { hasNextPage: end < 1_000, endCursor: String(end) } },
    };
  };
  return { asked, read };
};

test("all rows come, each once, in shorter pages where a page is more than an answer holds", async () => {
  const { asked, read } = serverOf(130);
  const rows: number[] = [];
  expect(await readPages(Number.POSITIVE_INFINITY, read, (row) => rows.push(row))).toBe("sweep");
  expect(rows).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  expect(asked.slice(0, 4)).toEqual([500, 250, 125, 125]);
});

test("a limit is kept, and a single row that is too much is refused", async () => {
  const rows: number[] = [];
  await readPages(7, serverOf(3).read, (row) => rows.push(row));
  expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6]);
  await expect(readPages(7, serverOf(0).read, () => {})).rejects.toMatchObject({ code: "QUERY_TOO_LARGE" });
});
