import type { ReactNode } from "react";

/** On or off, said by its mark as well as by its ground. */
export function Toggle(props: {
  pressed: boolean;
  onToggle: (pressed: boolean) => void;
  children: ReactNode;
}) {
  const { pressed, onToggle, children } = props;
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={() => onToggle(!pressed)}
      className={`inline-flex h-7 items-center gap-1.5 rounded-md border px-2.5 text-xs ${
        pressed
          ? "border-ink bg-ink font-medium text-paper"
          : "border-line-strong bg-surface text-ink-soft hover:text-ink"
      }`}
    >
      {children}
    </button>
  );
}
