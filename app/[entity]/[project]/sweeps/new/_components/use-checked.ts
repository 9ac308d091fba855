"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { RequestError, request } from "@/app/_live/request";
import { type ParsedSweep, parseSweepConfig } from "@/core/sweep-config";
import { type Preview, PreviewSweep } from "@/graphql/operations/new-sweep";

export interface Checked {
  readonly source: string;
  readonly parsed: ParsedSweep;
}

export type PreviewState =
  /** Nothing to ask: the file has errors. */
  | { readonly state: "none" }
  | { readonly state: "asking"; readonly last?: Preview }
  | { readonly state: "known"; readonly preview: Preview }
  | { readonly state: "unreachable"; readonly why: string };

/** Runs the page shows beside the file. */
const SHOWN_RUNS = 6;
/** While someone types, the server is asked when they pause. */
const PAUSE_MS = 150;

/**
 * What the file says, by the parser itself in this browser, and what only the server can say: how many runs it makes,
 * some of them, and whether this server can run it at all.
 */
export function useChecked(initial: string): {
  checked: Checked;
  check: (source: string) => Checked;
  preview: PreviewState;
} {
  const [checked, setChecked] = useState<Checked>(() => toChecked(initial));
  const latest = useRef(checked);
  const check = useCallback((source: string) => {
    if (latest.current.source !== source) {
      latest.current = toChecked(source);
      setChecked(latest.current);
    }
    return latest.current;
  }, []);
  return { checked, check, preview: usePreview(checked) };
}

const toChecked = (source: string): Checked => ({ source, parsed: parseSweepConfig(source) });

function usePreview({ source, parsed }: Checked): PreviewState {
  const [preview, setPreview] = useState<PreviewState>({ state: "none" });
  const sound = parsed.config !== undefined;
  useEffect(() => {
    if (!sound) return setPreview({ state: "none" });
    setPreview((before) => {
      const last =
        before.state === "known" ? before.preview : before.state === "asking" ? before.last : undefined;
      return { state: "asking", ...(last && { last }) };
    });
    const stopped = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const answer = await request(PreviewSweep, { source, count: SHOWN_RUNS }, stopped.signal);
        if (!stopped.signal.aborted) setPreview({ state: "known", preview: answer.previewSweep });
      } catch (error) {
        if (stopped.signal.aborted) return;
        const why = error instanceof RequestError ? error.message : "the server can't be reached";
        setPreview({ state: "unreachable", why });
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stopped.abort();
    };
  }, [source, sound]);
  return preview;
}
