"use client";

import { useEffect, useRef, useState } from "react";
import { SweepImportance, type SweepImportanceAnswer } from "@/graphql/operations/importance";
import { request } from "./request";

/** Runs end many times a second; the answer is asked for again this much after the last one came. */
const REST_MS = 2_000;

export interface AskedImportance {
  readonly answer: SweepImportanceAnswer | undefined;
  readonly problem: string | undefined;
}

/**
 * Importance as runs end: asked again when `version` has changed since, one question at a time, and the last answer stays until
 * the next one is there. A question under way is not given up for a newer version: where runs end all the time none would ever be
 * answered. Nothing is asked while nobody looks.
 */
export function useImportance(
  sweepId: string,
  metric: string | null,
  version: string,
  seen: boolean,
): AskedImportance {
  const [state, setState] = useState<Answered>({ answer: undefined, problem: undefined });
  const newest = useRef(version);
  useEffect(() => {
    newest.current = version;
  }, [version]);
  const { of } = state;
  // Another metric is another question: at once.
  const isAgain = of !== undefined && of.metric === metric;
  const due = !isAgain || of.version !== version;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer, `of`, is followed by the next question while one is due
  useEffect(() => {
    if (!seen || !due) return;
    const stopped = new AbortController();
    const ask = async () => {
      const asked = { metric, version: newest.current };
      try {
        const { sweep } = await request(
          SweepImportance,
          { id: sweepId, metric, stat: metric === null ? null : "last" },
          stopped.signal,
        );
        setState({ answer: sweep?.importance, problem: undefined, of: asked });
      } catch (error) {
        if (stopped.signal.aborted) return;
        const problem = error instanceof Error ? error.message : String(error);
        setState((last) => ({
          answer: last.of?.metric === metric ? last.answer : undefined,
          problem,
          of: asked,
        }));
      }
    };
    const timer = setTimeout(ask, isAgain ? REST_MS : 0);
    return () => {
      clearTimeout(timer);
      stopped.abort();
    };
  }, [sweepId, metric, seen, due, of]);
  // Bars of another metric say nothing about this one.
  return isAgain ? state : NOTHING;
}

interface Answered extends AskedImportance {
  /** What the answer is to. */
  readonly of?: { readonly metric: string | null; readonly version: string };
}

const NOTHING: AskedImportance = { answer: undefined, problem: undefined };
