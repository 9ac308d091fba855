"use client";

import { useEffect, useRef, useState } from "react";
import { formatBytes } from "@/app/_lib/facts";
import { toHere } from "@/app/_lib/file-address";
import { toShellLine } from "@/app/_lib/shell";
import { request } from "@/app/_live/request";
import { AGAIN_MS, useWhenChanged } from "@/app/_live/use-when-changed";
import { isOver } from "@/core/run";
import { type ListedFile, type ListedFolder, RunFolder } from "@/graphql/operations/run-media";
import type { RunHead } from "@/graphql/operations/run-page";
import { formatCount, plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { CommandBlock } from "@/ui/kit/copy";
import { DownloadIcon, FoldIcon } from "@/ui/kit/icons";
import { Scroll } from "@/ui/kit/scroll";

const FIRST_FILES = 100;
/** The API's longest page. */
const MOST_FILES = 1_000;

interface Listing {
  readonly prefix: string;
  readonly folders: readonly ListedFolder[];
  readonly files: readonly ListedFile[];
  readonly total: number;
}

/** One folder at a time: the folders in it, then the files, with sizes and a way to get them. */
export function FilesList(props: {
  head: RunHead;
  /** Of the run, as the command line takes it. */
  path: string;
  near: boolean;
  /** How many there are. */
  onNote: (note: string | undefined) => void;
}) {
  const { head, path, near, onNote } = props;
  const [prefix, setPrefix] = useState("");
  const [first, setFirst] = useState(FIRST_FILES);
  const [listing, setListing] = useState<Listing>();
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  const { id } = head;
  const wanted = useRef({ prefix, first });
  wanted.current = { prefix, first };
  const read = (signal: AbortSignal) => {
    const asked = wanted.current;
    return request(RunFolder, { id, ...asked, after: null }, signal).then(
      ({ run }) => {
        // An answer about a folder that was left meanwhile comes too late.
        if (signal.aborted || !run || asked.prefix !== wanted.current.prefix) return;
        setFailed(false);
        setListing({
          prefix: asked.prefix,
          folders: run.folders,
          files: run.files.nodes,
          total: run.files.totalCount,
        });
      },
      () => signal.aborted || setFailed(true),
    );
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another folder, or more of it, is the reason
  useEffect(() => {
    // The first reading is the one below.
    if (listing === undefined && prefix === "") return;
    const left = new AbortController();
    void read(left.signal);
    return () => left.abort();
  }, [id, prefix, first]);
  useWhenChanged(head, near, read, tries);
  useEffect(() => {
    if (!failed || !near) return;
    const timer = setTimeout(() => setTries(tries + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [failed, near, tries]);
  const empty = listing?.prefix === "" && listing.total === 0 && listing.folders.length === 0;
  useEffect(() => onNote(listing && !empty ? toNote(listing) : undefined), [onNote, listing, empty]);
  const go = (to: string) => {
    setFirst(FIRST_FILES);
    setPrefix(to);
  };
  return (
    <>
      {listing === undefined && (
        <p className="min-h-24 text-ink-faint text-sm">
          {failed ? "The server could not be reached. It is asked again." : "…"}
        </p>
      )}
      {empty && (
        <>
          <p className="mb-2 text-ink-faint text-sm">
            {isOver(head.state) ? "It saved none." : "It has saved none yet."} What a program saves stands
            here:
          </p>
          <CommandBlock command={'wandb.save("model.pt")'} label="Copy" />
        </>
      )}
      {listing && !empty && (
        <>
          <Way prefix={prefix} onGo={go} />
          <Scroll label="List of files" className="max-h-[28rem] rounded-lg border border-line">
            <ul className="text-sm">
              {listing.folders.map((folder) => (
                <li key={`${folder.name}/`} className="border-line border-b last:border-b-0">
                  <button
                    type="button"
                    onClick={() => go(`${listing.prefix}${folder.name}/`)}
                    className="flex min-h-9 w-full items-center gap-2 px-3 text-left hover:bg-sunken focus-visible:outline-offset-[-2px]"
                  >
                    <span className="text-ink-faint">
                      <FoldIcon />
                    </span>
                    <span className="min-w-0 grow truncate font-medium" title={folder.name}>
                      {folder.name}/
                    </span>
                    <span className="figures text-ink-faint text-xs max-sm:sr-only">
                      {plural(folder.files, "file")}
                    </span>
                    <span className="figures w-20 text-right text-ink-soft">{formatBytes(folder.size)}</span>
                  </button>
                </li>
              ))}
              {listing.files.map((file) => (
                <File key={file.name} file={file} prefix={listing.prefix} />
              ))}
            </ul>
          </Scroll>
          {listing.files.length < listing.total && (
            <p className="mt-2 flex flex-wrap items-center gap-3 text-ink-faint text-xs">
              showing {formatCount(listing.files.length)} of {plural(listing.total, "file")}
              {first < MOST_FILES && <Button onClick={() => setFirst(MOST_FILES)}>Show more</Button>}
            </p>
          )}
          <div className="mt-3">
            <p className="mb-1 text-ink-faint text-xs">
              To get {prefix === "" ? "all of them" : `all in ${prefix}`}
            </p>
            <CommandBlock command={toCommand(path, prefix)} label="Copy" />
          </div>
        </>
      )}
    </>
  );
}

const toNote = ({ folders, files, total }: Listing): string => {
  const count = total + folders.reduce((sum, folder) => sum + folder.files, 0);
  const whole = files.length === total;
  const bytes = [...folders, ...files].reduce((sum, { size }) => sum + size, 0);
  return whole ? `${plural(count, "file")}, ${formatBytes(bytes)}` : plural(count, "file");
};

const toCommand = (path: string, prefix: string): string =>
  toShellLine(["besom", "files", path, ...(prefix === "" ? [] : ["--prefix", prefix]), "--download", "."]);

/** From the outermost folder to the one that is shown. */
function Way({ prefix, onGo }: { prefix: string; onGo: (prefix: string) => void }) {
  const names = prefix.split("/").slice(0, -1);
  if (names.length === 0) return null;
  return (
    <nav aria-label="Folder" className="mb-2 flex flex-wrap items-center gap-x-1 text-sm">
      <button
        type="button"
        onClick={() => onGo("")}
        className="min-h-6 rounded px-1 text-link hover:underline"
      >
        All files
      </button>
      {names.map((name, i) => {
        const to = `${names.slice(0, i + 1).join("/")}/`;
        return (
          <span key={to} className="flex min-w-0 items-center gap-x-1">
            <span className="text-ink-faint" aria-hidden="true">
              /
            </span>
            {i === names.length - 1 ? (
              <span aria-current="true" className="wrap-anywhere px-1 font-medium">
                {name}
              </span>
            ) : (
              <button
                type="button"
                onClick={() => onGo(to)}
                className="wrap-anywhere min-h-6 rounded px-1 text-link hover:underline"
              >
                {name}
              </button>
            )}
          </span>
        );
      })}
    </nav>
  );
}

function File({ file: { name, size, updatedAt, url }, prefix }: { file: ListedFile; prefix: string }) {
  const own = name.slice(prefix.length);
  return (
    <li className="border-line border-b last:border-b-0">
      <a
        href={toHere(url)}
        download={own}
        title={`${name}, of ${updatedAt}`}
        className="flex min-h-9 items-center gap-2 px-3 hover:bg-sunken focus-visible:outline-offset-[-2px]"
      >
        <span className="text-ink-faint">
          <DownloadIcon />
        </span>
        <span className="min-w-0 grow truncate">{own}</span>
        <span className="figures w-20 shrink-0 text-right text-ink-soft">{formatBytes(size)}</span>
      </a>
    </li>
  );
}
