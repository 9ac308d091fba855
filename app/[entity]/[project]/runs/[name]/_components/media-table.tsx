"use client";

import { useEffect, useState } from "react";
import { formatBytes } from "@/app/_lib/facts";
import { toHere } from "@/app/_lib/file-address";
import { request } from "@/app/_live/request";
import { type MediaItem, type TablePage, TableRows } from "@/graphql/operations/run-media";
import { formatCount, formatNumber } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { DownloadIcon } from "@/ui/kit/icons";
import { Scroll } from "@/ui/kit/scroll";

const ROWS = 25;

/** A page of a table's rows. Each page begins where the one before ended, so the way back is remembered. */
export function MediaTable(props: {
  runId: string;
  name: string;
  step: number;
  item: MediaItem;
  at: number;
}) {
  const { runId, name, step, item, at } = props;
  const { path, url, rowCount, size } = item;
  /** Where the pages up to the shown one begin, and after how many rows. */
  const [way, setWay] = useState<readonly Begin[]>([FIRST]);
  const [shown, setShown] = useState<{ page: TablePage; from: number }>();
  const [failed, setFailed] = useState(false);
  // Another step's table begins at its beginning.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the file is the reason
  useEffect(() => setWay([FIRST]), [path]);
  const begin = way.at(-1) ?? FIRST;
  useEffect(() => {
    if (url === null) return;
    const left = new AbortController();
    request(TableRows, { id: runId, key: name, step, first: ROWS, after: begin.after }, left.signal).then(
      ({ run }) => {
        const page = run?.media[0]?.entries[0]?.items[at]?.table;
        setFailed(!page);
        if (page) setShown({ page, from: begin.row });
      },
      () => left.signal.aborted || setFailed(true),
    );
    return () => left.abort();
  }, [runId, name, step, at, url, begin]);
  if (url === null)
    return (
      <p className="rounded-lg bg-sunken px-4 py-6 text-center text-ink-faint text-sm">
        {path === null ? "Its rows lie elsewhere." : "Its file has not come yet."}
      </p>
    );
  if (!shown)
    return failed ? (
      <p className="text-bad text-sm">
        It can't be read as a table.{" "}
        <a href={toHere(url)} download className="text-link underline underline-offset-2">
          Download it
        </a>{" "}
        instead.
      </p>
    ) : null;
  const { page, from } = shown;
  const width = Math.max(page.columns.length, ...page.rows.map((row) => row.length));
  // A column of numbers stands right, its head too.
  const sides = Array.from({ length: width }, (_, i) =>
    page.rows.some((row) => typeof row[i] === "number") && page.rows.every((row) => isFigure(row[i]))
      ? "text-right"
      : "text-left",
  );
  return (
    <div>
      <Scroll label={`Rows of ${name}`} className="max-h-96 rounded-lg border border-line">
        <table className="figures w-full border-collapse text-sm">
          <thead className="sticky top-0 bg-sunken text-ink-faint text-xs">
            <tr>
              {sides.map((side, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place; names may repeat
                <th key={i} scope="col" className={`whitespace-nowrap px-3 py-1.5 font-medium ${side}`}>
                  {page.columns[i] ?? i + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {page.rows.map((row, r) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
              <tr key={r} className="border-line border-t">
                {sides.map((side, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <Cell key={i} value={row[i]} side={side} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {page.rows.length === 0 && <p className="px-3 py-4 text-ink-faint text-sm">It has no rows.</p>}
      </Scroll>
      <div className="mt-2 flex flex-wrap items-center gap-2 text-xs">
        <span className="figures text-ink-faint" role="status">
          {page.rows.length > 0 && `rows ${formatCount(from + 1)} to ${formatCount(from + page.rows.length)}`}
          {rowCount !== null && page.rows.length > 0 && ` of ${formatCount(rowCount)}`}
        </span>
        {(way.length > 1 || page.endCursor !== null) && (
          <>
            <Button disabled={way.length < 2} onClick={() => setWay(way.slice(0, -1))}>
              Previous
            </Button>
            <Button
              disabled={page.endCursor === null || begin.row !== from}
              onClick={() => setWay([...way, { after: page.endCursor, row: from + page.rows.length }])}
            >
              Next
            </Button>
          </>
        )}
        <a
          href={toHere(url)}
          download
          className="ml-auto inline-flex min-h-6 items-center gap-1.5 text-link underline-offset-2 hover:underline"
        >
          <DownloadIcon />
          JSON{size !== null && <span className="figures text-ink-faint">{formatBytes(size)}</span>}
        </a>
      </div>
    </div>
  );
}

interface Begin {
  readonly after: string | null;
  readonly row: number;
}
const FIRST: Begin = { after: null, row: 0 };

/** A number, one that JSON lacks, or nothing. */
const isFigure = (value: unknown): boolean =>
  value === null || value === undefined || typeof value === "number" || NON_FINITE.has(value);
const NON_FINITE: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

function Cell({ value, side }: { value: unknown; side: string }) {
  const picture = toPicture(value);
  if (picture !== undefined)
    return (
      <td className="px-3 py-1.5 align-top">
        <a href={picture.address} target="_blank" rel="noreferrer" className="inline-block cursor-zoom-in">
          {/* biome-ignore lint/performance/noImgElement: bytes of a signed address, which are shown as they are */}
          <img
            src={picture.address}
            alt={picture.name}
            loading="lazy"
            className="h-16 w-auto max-w-48 rounded-sm bg-sunken object-contain"
          />
        </a>
      </td>
    );
  const text = toText(value);
  return (
    <td
      className={`max-w-80 truncate px-3 py-1.5 align-top ${side}`}
      title={text.length > 30 ? text.slice(0, 2_000) : undefined}
    >
      {text.slice(0, 500)}
    </td>
  );
}

/** Where the cell is a picture whose bytes are there. */
function toPicture(value: unknown): { address: string; name: string } | undefined {
  const { _type, url, path, caption } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (_type !== "image-file" || typeof url !== "string") return undefined;
  const name = typeof caption === "string" ? caption : String(path).split("/").at(-1);
  return { address: toHere(url), name: name ?? "" };
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return typeof value === "number" ? formatNumber(value) : JSON.stringify(value);
}
