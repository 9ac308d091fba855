"use client";

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Row } from "@/app/_live/sweep-store";

export interface Editing {
  readonly row: Row;
  readonly what: "tags" | "notes";
  /** In the window. */
  readonly at: { readonly top: number; readonly left: number };
}

const MAX_NOTES = 20_000;

/** A run's tags or notes, changed where they stand. Enter keeps the change, and so does leaving; Escape does not. */
export function CellEditor(props: {
  editing: Editing;
  onTags: (change: { add?: string[]; remove?: string[] }) => void;
  onNote: (text: string) => void;
  onClose: () => void;
}) {
  const { editing, onTags, onNote, onClose } = props;
  const { row, what, at } = editing;
  const before = what === "tags" ? writeTags(row.tags) : (row.notes ?? "");
  const [text, setText] = useState(before);
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const done = useRef(false);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const close = (keep: boolean) => {
    if (done.current) return;
    done.current = true;
    if (keep && text.trim() !== before) {
      if (what === "notes") onNote(text.trim());
      else {
        const tags = readTags(text);
        const change = {
          add: tags.filter((tag) => !row.tags.includes(tag)),
          remove: row.tags.filter((tag) => !tags.includes(tag)),
        };
        if (change.add.length + change.remove.length > 0) onTags(change);
      }
    }
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const keep = event.key === "Enter" && !event.shiftKey;
    if (!keep && event.key !== "Escape") return;
    event.preventDefault();
    close(keep);
    // Whoever has keys goes on from the row.
    document
      .querySelector<HTMLElement>(`tr[data-run="${CSS.escape(row.id)}"]`)
      ?.focus({ preventScroll: true });
  };
  const common = {
    ref: field,
    value: text,
    onKeyDown,
    onBlur: () => close(true),
    className:
      "w-full rounded-md border border-line-strong bg-surface px-2 text-ink text-sm max-sm:text-[16px]",
  };
  return (
    <div
      style={{ top: at.top, left: `max(0.5rem, min(${at.left}px, 100vw - 21rem))` }}
      className="fixed z-40 w-80 max-w-[calc(100vw-1rem)] rounded-lg border border-line bg-surface p-2 shadow-(--shadow)"
    >
      {what === "tags" ? (
        <input
          {...common}
          aria-label={`Tags of ${row.displayName}, with commas between`}
          autoComplete="off"
          maxLength={2_000}
          onChange={(event) => setText(event.target.value)}
          className={`h-8 ${common.className}`}
        />
      ) : (
        <textarea
          {...common}
          aria-label={`Notes of ${row.displayName}`}
          rows={4}
          maxLength={MAX_NOTES}
          onChange={(event) => setText(event.target.value)}
          className={`py-1 ${common.className}`}
        />
      )}
      <p className="mt-1 text-ink-faint text-xs">
        {what === "tags" ? "Commas between tags. " : "Shift Enter for a new line. "}Enter keeps it, Escape
        does not.
      </p>
    </div>
  );
}

/** A comma inside a tag has a backslash in front. */
const writeTags = (tags: readonly string[]): string =>
  tags.map((tag) => tag.replaceAll(",", "\\,")).join(", ");

const readTags = (text: string): string[] => [
  ...new Set(
    text
      .split(/(?<!\\),/)
      .map((tag) => tag.replaceAll("\\,", ",").trim())
      .filter((tag) => tag !== ""),
  ),
];
