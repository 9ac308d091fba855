"use client";

import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useEffect, useState } from "react";
import { request } from "./request";

/** While runs go on, what no subscription brings is asked for again at this pace: a run comes to a band, or fails, every few minutes. */
const ASK_EVERY_MS = 5_000;

export interface Asked<T> {
  /** Undefined before the first answer. */
  readonly answer: T | undefined;
  /** The last question was not answered; what was known stays. */
  readonly failed: boolean;
}

/** The answer about a sweep, asked for again while `active`. `document` must not change. */
export function useAskedAgain<T>(
  document: TypedDocumentNode<T, { id: string }>,
  id: string,
  active: boolean,
): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ answer: undefined, failed: false });
  useEffect(() => {
    const left = new AbortController();
    const ask = async () => {
      try {
        const answer = await request(document, { id }, left.signal);
        if (!left.signal.aborted) setAsked({ answer, failed: false });
      } catch {
        // What was shown stays; the next time is soon.
        if (!left.signal.aborted) setAsked((known) => ({ ...known, failed: true }));
      }
    };
    void ask();
    const timer = active
      ? setInterval(() => window.document.visibilityState === "hidden" || void ask(), ASK_EVERY_MS)
      : undefined;
    return () => {
      left.abort();
      clearInterval(timer);
    };
  }, [document, id, active]);
  return asked;
}
