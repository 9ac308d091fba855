"use client";

import { useEffect, useState } from "react";
import type { Importance } from "@/core/importance";
import { type AskedImportance, ImportanceChanged } from "@/graphql/operations/importance";
import { openLive } from "./connection";

export interface KnownImportance {
  readonly answer: Importance | undefined;
  readonly problem: string | undefined;
}

/**
 * Importance, and a new answer as runs end, for as long as somebody looks; the last one stays until the next is there. Another
 * question has no answer until its own has come: bars of another metric say nothing about this one.
 */
export function useImportance(sweepId: string, asked: AskedImportance, seen: boolean): KnownImportance {
  const question = JSON.stringify(asked);
  const [known, setKnown] = useState<KnownImportance & { readonly of: string }>();
  useEffect(() => {
    if (!seen) return;
    // The page's own banner tells of a lost connection.
    const live = openLive(() => {});
    live.subscribe(
      ImportanceChanged,
      () => ({ id: sweepId, ...(JSON.parse(question) as AskedImportance) }),
      ({ importanceChanged: answer }) => setKnown({ of: question, answer, problem: undefined }),
      (problem) =>
        setKnown((last) => ({
          of: question,
          answer: last?.of === question ? last.answer : undefined,
          problem,
        })),
    );
    return live.close;
  }, [sweepId, question, seen]);
  return known?.of === question ? known : NOTHING;
}

const NOTHING: KnownImportance = { answer: undefined, problem: undefined };
