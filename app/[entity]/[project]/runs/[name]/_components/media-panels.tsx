"use client";

import { useState } from "react";
import type { MediaKind } from "@/core/media";
import type { RunHead } from "@/graphql/operations/run-page";
import { formatCount } from "@/ui/format";
import { Button } from "@/ui/kit/button";
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
  const shown = all ? keys : keys.slice(0, FEW_KEYS);
  return (
    <>
      <div className="grid gap-x-8 gap-y-8 md:grid-cols-2">
        {shown.map(({ name, kind }) => (
          // Another attempt's history is another one.
          <div key={`${head.attempt} ${name}`} className={`min-w-0 ${WIDE.has(kind) ? "md:col-span-2" : ""}`}>
            <MediaKey head={head} name={name} kind={kind} />
          </div>
        ))}
      </div>
      {shown.length < keys.length && (
        <p className="mt-4">
          <Button onClick={() => setAll(true)}>Show all {formatCount(keys.length)}</Button>
        </p>
      )}
    </>
  );
}
