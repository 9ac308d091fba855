"use client";

import { useState } from "react";
import type { MediaKind } from "@/core/media";
import type { RunHead } from "@/graphql/operations/run-page";
import { formatCount } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { TextField } from "@/ui/kit/field";
import { MediaKey } from "./media-key";

/** More of them than this at once only when somebody asks: each reads its own. */
const FEW_KEYS = 8;
/** What needs the whole width. */
const WIDE: ReadonlySet<MediaKind> = new Set(["table", "html"]);

export function MediaPanels({
  head,
  keys,
}: {
  head: RunHead;
  keys: readonly { readonly name: string; readonly kind: MediaKind }[];
}) {
  const [all, setAll] = useState(false);
  const [wanted, setWanted] = useState("");
  const word = wanted.trim().toLowerCase();
  const found = keys.filter(({ name }) => name.toLowerCase().includes(word));
  const shown = all ? found : found.slice(0, FEW_KEYS);
  return (
    <>
      {keys.length > FEW_KEYS && (
        <TextField
          label="Find a key"
          type="search"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
          className="mb-4 max-w-80"
        />
      )}
      <div className="grid gap-x-8 gap-y-8 md:grid-cols-2">
        {shown.map(({ name, kind }) => (
          // Another attempt's history is another one.
          <div key={`${head.attempt} ${name}`} className={`min-w-0 ${WIDE.has(kind) ? "md:col-span-2" : ""}`}>
            <MediaKey head={head} name={name} kind={kind} />
          </div>
        ))}
      </div>
      <p role="status" className="text-ink-faint text-sm empty:hidden">
        {found.length === 0 && "No key of that name."}
      </p>
      {shown.length < found.length && (
        <p className="mt-4">
          <Button onClick={() => setAll(true)}>Show all {formatCount(found.length)}</Button>
        </p>
      )}
    </>
  );
}
