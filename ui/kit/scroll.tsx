import type { HTMLAttributes, Ref } from "react";

/** A region that scrolls on its own, and so must be named and reachable by keyboard (WCAG 2.1.1). */
export function Scroll({
  label,
  className = "",
  ...props
}: HTMLAttributes<HTMLElement> & { label: string; ref?: Ref<HTMLElement> }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it only when it has the focus
      tabIndex={0}
      className={`overflow-auto ${className}`}
      {...props}
    />
  );
}
