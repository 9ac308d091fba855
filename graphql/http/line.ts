import type { ServerResponse } from "node:http";
import type { CallersLine } from "@/engine/context";

const lines = new WeakMap<ServerResponse, CallersLine>();

/** For verbs that answer later. */
export function openLine(response: ServerResponse): CallersLine {
  const line: CallersLine = {
    waitedMs: 0,
    onGone(listener) {
      if (response.closed) {
        listener();
        return () => {};
      }
      response.once("close", listener);
      return () => response.off("close", listener);
    },
  };
  lines.set(response, line);
  return line;
}

/** How long the answer was held back on purpose: nobody's time but the caller's own. */
export const waitedMs = (response: ServerResponse): number => lines.get(response)?.waitedMs ?? 0;
