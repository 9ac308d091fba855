"use client";

import { useEffect, useState } from "react";
import { SweepImportance, type SweepImportanceAnswer } from "@/graphql/operations/importance";
import { request } from "./request";

/** Runs end many times a second; the answer is asked for again this much after the last one came. */
const REST_MS = 2_000;

export interface AskedImportance {
  readonly answer: SweepImportanceAnswer | undefined;
  readonly problem: string | undefined;
}

/**
 * Importance as runs end: asked again when `version` changes, one question at a time, and the last answer stays until the next
 * one is there. Nothing is asked while nobody looks.
 */
export function useImportance(
  sweepId: string,
  metric: string | null,
  version: string,
  seen: boolean,
): AskedImportance {
  const [state, setState] = useState<AskedImportance & { readonly of?: string }>({
    answer: undefined,
    problem: undefined,
  });
  const wanted = `${metric}\n${version}`;
  const { of } = state;
  useEffect(() => {
    if (!seen || of === wanted) return;
    const stopped = new AbortController();
    const ask = async () => {
      try {
        const { sweep } = await request(
          SweepImportance,
          { id: sweepId, metric, stat: metric === null ? null : "last" },
          stopped.signal,
        );
        setState({ answer: sweep?.importance, problem: undefined, of: wanted });
      } catch (error) {
        if (stopped.signal.aborted) return;
        setState((last) => ({
          ...last,
          problem: error instanceof Error ? error.message : String(error),
          of: wanted,
        }));
      }
    };
    // Another metric is another question: at once.
    const timer = setTimeout(ask, of?.startsWith(`${metric}\n`) ? REST_MS : 0);
    return () => {
      clearTimeout(timer);
      stopped.abort();
    };
  }, [sweepId, metric, wanted, seen, of]);
  // Bars of another metric say nothing about this one.
  return of?.startsWith(`${metric}\n`) ? state : { answer: undefined, problem: state.problem };
}
