import fc from "fast-check";
import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { type OutputPage, type OutputQuery, readOutput } from "@/db/queries/read-output";
import { logOutput, logOutputLines, MAX_OUTPUT_BYTES, MAX_PIECE_BYTES } from "@/engine/report-output";
import { withDatabase } from "../support/database";
import { makeRun, makeSweep, nextAttempt, systemContext } from "../support/history";

const line = (text: string, stream = "stdout") => ({ stream, time: 1_700_000_000_000, text });

async function page(db: Database, runId: number, query: Omit<OutputQuery, "runIds">): Promise<OutputPage> {
  const pages = await readOutput(db, systemContext(db).access, { ...query, runIds: [runId] });
  return pages.get(runId) ?? { pieces: [], more: false };
}

const all = async (db: Database, runId: number, attempt?: number) =>
  (await page(db, runId, { first: 10_000, ...(attempt && { attempt }) })).pieces;

test("output is stored once and in order, streams kept apart, whatever is delivered again", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    const send = (batch: number, lines: ReturnType<typeof line>[]) =>
      logOutput(context, { runId, attempt: 1, batch, lines });
    await send(1, [line("a\n"), line("b\n"), line("oops\n", "stderr"), line("c\n")]);
    expect(await send(1, [line("other\n")])).toMatchObject({ repeated: true });
    await expect(send(3, [])).rejects.toMatchObject({ code: "BATCH_OUT_OF_ORDER", details: { expected: 2 } });
    await Promise.all([send(2, [line("d\n")]), send(2, [line("d\n")])]);
    expect((await all(db, runId)).map(({ stream, text }) => [stream, text])).toEqual([
      ["stdout", "a\nb\n"],
      ["stderr", "oops\n"],
      ["stdout", "c\n"],
      ["stdout", "d\n"],
    ]);
  }));

test("any text comes back as it was, but for NUL, in pieces of bounded size", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    let batch = 0;
    let written = "";
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.nat(40_000).map((n) => "ü𝛼x".repeat(Math.ceil(n / 4))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 3 }), async (texts) => {
        await logOutput(context, { runId, attempt: 1, batch: ++batch, lines: texts.map((one) => line(one)) });
        written += texts.join("");
      }),
      { numRuns: 6 },
    );
    const pieces = await all(db, runId);
    expect(pieces.map((piece) => piece.text).join("")).toBe(written.replaceAll("\0", "\uFFFD"));
    for (const piece of pieces) expect(Buffer.byteLength(piece.text)).toBeLessThanOrEqual(MAX_PIECE_BYTES);
  }));

test("pages go forwards and backwards without a gap", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    for (let batch = 1; batch <= 4; batch++)
      await logOutput(context, {
        runId,
        attempt: 1,
        batch,
        lines: [line(`${batch}`), line(`${batch}e`, "stderr")],
      });
    const first = await page(db, runId, { first: 3 });
    const after = first.pieces.at(-1);
    const rest = await page(db, runId, { first: 9, ...(after && { after }) });
    expect([first.more, rest.more]).toEqual([true, false]);
    expect([...first.pieces, ...rest.pieces].map(({ text }) => text)).toEqual([
      "1",
      "1e",
      "2",
      "2e",
      "3",
      "3e",
      "4",
      "4e",
    ]);
    const last = await page(db, runId, { last: 3 });
    const before = last.pieces[0];
    expect(last).toMatchObject({ more: true, pieces: [{ text: "3e" }, { text: "4" }, { text: "4e" }] });
    const earlier = await page(db, runId, { last: 9, ...(before && { before }) });
    expect(earlier).toMatchObject({ more: false, pieces: { length: 5 } });
  }));

test("a stale attempt's output is kept under it, and the run shows its current one", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    await nextAttempt(db, runId);
    const late = await logOutput(context, { runId, attempt: 1, batch: 1, lines: [line("late")] });
    await logOutput(context, { runId, attempt: 2, batch: 1, lines: [line("now")] });
    expect(late.stale).toBe(true);
    expect((await all(db, runId)).map(({ text }) => text)).toEqual(["now"]);
    expect((await all(db, runId, 1)).map(({ text }) => text)).toEqual(["late"]);
  }));

test("beyond the cap output is cut, with a mark, and still acknowledged", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    await db.sql`update attempts set output_bytes = ${MAX_OUTPUT_BYTES - 3}`;
    const send = (batch: number) => logOutput(context, { runId, attempt: 1, batch, lines: [line("four")] });
    expect((await send(1)).cut).toBe(true);
    expect((await send(2)).cut).toBe(true);
    expect((await all(db, runId)).map(({ text }) => text)).toEqual([expect.stringContaining("output cut")]);
  }));

test("numbered lines are taken once, and a progress bar goes on in the last one", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    const send = (from: number, ...texts: string[]) =>
      logOutputLines(context, { runId, attempt: 1, from, lines: texts.map((text) => line(text)) });
    await send(0, "a", "10%");
    expect(await send(0, "a")).toMatchObject({ repeated: true });
    await send(1, "50%", "b");
    await Promise.all([send(1, "100%", "b", "c"), send(2, "b", "c")]);
    const text = (await all(db, runId)).map((piece) => piece.text).join("");
    expect(text.split("\n").map((shown) => shown.split("\r").at(-1))).toEqual(["a", "50%", "b", "c"]);
    await send(7, "after a gap");
    expect((await all(db, runId)).at(-1)?.text).toMatch(/\nafter a gap$/);
  }));
