import { Children, type ReactNode } from "react";

/** Short facts on a line, with dots between them. Where the line breaks there is no dot: it would stand in the cut-off margin. */
export function Dotted({ children }: { children: ReactNode }) {
  return (
    <div className="mt-1 overflow-hidden text-ink-soft text-sm">
      <p className="wrap-anywhere -ml-5 flex flex-wrap gap-y-1">
        {Children.map(
          children,
          (fact) =>
            isShown(fact) && (
              <span className="relative inline-flex items-center pl-5 before:absolute before:left-2 before:text-line-strong before:content-['·']">
                {fact}
              </span>
            ),
        )}
      </p>
    </div>
  );
}

const isShown = (fact: ReactNode): boolean =>
  fact !== null && fact !== undefined && fact !== false && fact !== "";
