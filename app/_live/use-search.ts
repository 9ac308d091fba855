"use client";

import { useEffect, useRef, useState } from "react";
import { type Findings, Search } from "@/graphql/operations/search";
import { request } from "./request";

export interface Sought {
  /** What was found last, of whichever text: it stays while the next answer is on its way. */
  findings: Findings | undefined;
  /** The findings are those of the text. */
  settled: boolean;
  failed: boolean;
}

/**
 * Asks the server at each change of the text, without waiting for a pause: one question is under way at a time, and what was
 * typed meanwhile is asked next.
 */
export function useSearch(text: string): Sought {
  const [found, setFound] = useState<{ text: string; findings: Findings | undefined; failed: boolean }>();
  const wanted = useRef(text);
  const asking = useRef(false);
  const gone = useRef(false);
  wanted.current = text;
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  useEffect(() => {
    if (text === "" || asking.current) return;
    asking.current = true;
    void (async () => {
      for (let asked = ""; asked !== wanted.current && wanted.current !== "" && !gone.current; ) {
        asked = wanted.current;
        const findings = await request(Search, { text: asked }).then(
          ({ search }) => search,
          () => undefined,
        );
        if (!gone.current) setFound({ text: asked, findings, failed: findings === undefined });
      }
      asking.current = false;
    })();
  }, [text]);
  return {
    findings: text === "" ? undefined : found?.findings,
    settled: text === "" || found?.text === text,
    failed: text !== "" && found?.text === text && found.failed,
  };
}
