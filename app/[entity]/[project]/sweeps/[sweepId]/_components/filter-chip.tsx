import type { KeyboardEvent } from "react";
import { CrossIcon } from "@/ui/kit/icons";

/** One condition. Its text goes back into the field, where it can be changed; × takes it away, and so do Delete, Backspace and Escape. */
export function FilterChip(props: {
  label: string;
  /** As it was typed. */
  code?: boolean;
  bad?: boolean;
  /** Of the ×, beyond "Remove". */
  hint?: string;
  onChange?: () => void;
  onRemove: () => void;
}) {
  const { label, code = false, bad = false, hint, onChange, onRemove } = props;
  const onKeyDown = (event: KeyboardEvent) => {
    if (!["Delete", "Backspace", "Escape"].includes(event.key)) return;
    event.preventDefault();
    onRemove();
    document.getElementById("filter-field")?.focus();
  };
  const text = `max-w-64 truncate ${code ? "font-mono text-xs" : "text-sm"}`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the two buttons inside
    <span
      onKeyDown={onKeyDown}
      data-chip=""
      className={`inline-flex h-8 max-w-full items-center rounded-full border pr-1 pl-3 ${
        bad ? "border-bad-mark bg-bad-wash text-bad" : "border-line-strong bg-surface text-ink"
      }`}
    >
      {onChange ? (
        <button type="button" title={`Change ${label}`} onClick={onChange} className={`min-h-6 ${text}`}>
          {label}
        </button>
      ) : (
        <span title={label} className={text}>
          {label}
        </span>
      )}
      <button
        type="button"
        aria-label={hint ? `${label}, ${hint}` : `Remove ${label}`}
        title={hint ?? "Remove"}
        onClick={(event) => {
          onRemove();
          // By key: the pointer has no focus to lose.
          if (event.detail === 0) document.getElementById("filter-field")?.focus();
        }}
        className="ml-0.5 inline-flex size-6 flex-none items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-ink"
      >
        <CrossIcon />
      </button>
    </span>
  );
}
