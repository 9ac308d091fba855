import type { ReactNode } from "react";
import type { Look } from "../prepare/coloring";
import { symbolPath, toSymbol } from "../symbols";
import { toCssColor } from "./paint-dots";

/** A dot as a legend shows it, with what it means. */
export function Sign({ look, children }: { look: Look | undefined; children: ReactNode }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      {look && (
        <svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true" className="shrink-0">
          <path d={symbolPath(toSymbol(look.symbol), 0, 0, 4)} fill={toCssColor(look)} />
        </svg>
      )}
      {children}
    </span>
  );
}
