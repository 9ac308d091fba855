"use client";

import { useEffect, useRef } from "react";

/**
 * Hands over the one-time token of a link, `#token=...`, or that there is none; and the next one when a further link is
 * pasted into the same tab, which loads no page. A token leaves the address bar at once, so that it stands in no
 * history, no bookmark and no screenshot.
 */
export function useToken(read: (token: string | undefined) => void): void {
  const begun = useRef(false);
  useEffect(() => {
    // React's strict mode runs effects twice, and a token works once.
    if (!begun.current) read(takeToken(location.href));
    begun.current = true;
    // The event's own address: a router that starts at that moment writes the one it knows over the bar's.
    const next = ({ newURL }: HashChangeEvent) => {
      const token = takeToken(newURL);
      if (token) read(token);
    };
    window.addEventListener("hashchange", next);
    return () => window.removeEventListener("hashchange", next);
  }, [read]);
}

function takeToken(address: string): string | undefined {
  const token = new URLSearchParams(new URL(address).hash.slice(1)).get("token");
  if (!token) return undefined;
  // With the state that is there: Next's router keeps its own in it.
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}
