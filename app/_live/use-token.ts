"use client";

import { useEffect, useRef } from "react";

/**
 * Hands over the one-time token of a link, `#token=...`, once. It leaves the address bar at once, so that it stands in
 * no history, no bookmark and no screenshot.
 */
export function useToken(read: (token: string | undefined) => void): void {
  const done = useRef(false);
  useEffect(() => {
    // React's strict mode runs effects twice, and a token works once.
    if (done.current) return;
    done.current = true;
    read(takeToken());
  }, [read]);
}

function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return undefined;
  // With the state that is there: Next's router keeps its own in it.
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}
