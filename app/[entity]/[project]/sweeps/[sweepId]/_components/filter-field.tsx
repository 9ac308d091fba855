"use client";

import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { completeQuery } from "@/app/_lib/complete-query";
import { readRunQuery, splitRunQuery } from "@/core/run-query";
import { SearchIcon } from "@/ui/kit/icons";
import { useShortcuts } from "@/ui/kit/shortcuts";
import { useQueryWords } from "./use-query-words";

/** A field for one more condition, with what occurs in these runs to choose from. Enter adds it; `/` leads here. */
export function FilterField(props: {
  initial: string;
  /** It has the focus from the beginning, as it has with something in it. */
  focused: boolean;
  onAdd: (terms: readonly string[]) => void;
  onLeave: (byKey: boolean) => void;
  /** Backspace in the empty field. */
  onBack: () => void;
}) {
  const { initial, focused, onAdd, onLeave, onBack } = props;
  const [draft, setDraft] = useState(initial);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const [problem, setProblem] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const words = useQueryWords(open);
  const completions = useMemo(() => (open ? completeQuery(draft, words) : []), [open, draft, words]);
  useShortcuts([{ words: "Filter the runs", keys: "/", run: () => input.current?.focus() }]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another condition is another field
  useEffect(() => {
    if (initial !== "" || focused) input.current?.focus();
  }, []);

  const type = (text: string, next = true) => {
    setDraft(text);
    setAt(-1);
    setProblem(undefined);
    setOpen(next);
  };
  const add = (text: string) => {
    const found = readRunQuery(text).problem;
    if (found !== undefined) {
      setOpen(false);
      return setProblem(found);
    }
    const terms = splitRunQuery(text);
    if (terms.length === 0) return;
    type("", false);
    onAdd(terms);
  };
  const choose = (index: number) => {
    const chosen = completions[index];
    if (!chosen) return add(draft);
    if (chosen.whole) return add(chosen.text);
    type(chosen.text);
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!open) return setOpen(true);
      // One place more than there are completions: the field itself.
      const places = completions.length + 1;
      setAt(((at + 1 + (key === "ArrowDown" ? 1 : -1) + places) % places) - 1);
    } else if (key === "Enter") {
      event.preventDefault();
      choose(at);
    } else if (key === "Escape") {
      if (open) setOpen(false);
      else type("", false);
      if (!open) onLeave(initial !== "");
    } else if (key === "Backspace" && draft === "") {
      event.preventDefault();
      onBack();
    }
  };
  const showsList = open && completions.length > 0;
  return (
    <div className="relative min-w-44 flex-1 basis-56">
      <span className="pointer-events-none absolute top-2 left-2.5 text-ink-faint max-sm:top-3">
        <SearchIcon />
      </span>
      <input
        ref={input}
        id="filter-field"
        type="text"
        role="combobox"
        aria-label="Filter runs"
        aria-expanded={showsList}
        aria-controls={listId}
        aria-autocomplete="list"
        {...(showsList && at >= 0 && { "aria-activedescendant": `${listId}-${at}` })}
        {...(problem && { "aria-invalid": true, "aria-describedby": `${listId}-problem` })}
        placeholder="Filter the runs"
        value={draft}
        onChange={(event) => type(event.target.value)}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
        onBlur={() => {
          setOpen(false);
          if (initial !== "" && draft === initial) onLeave(false);
        }}
        onKeyDown={onKeyDown}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        className="h-8 w-full rounded-md border border-line-strong bg-surface pr-2 pl-8 font-mono text-ink text-xs placeholder:font-sans placeholder:text-ink-faint placeholder:text-sm max-sm:h-10 max-sm:text-[16px] max-sm:placeholder:text-[16px]"
      />
      <p id={`${listId}-problem`} role="alert" className="px-2 text-bad text-sm empty:hidden">
        {problem}
      </p>
      {/* The pointer must not take the focus away from the field. */}
      <div
        id={listId}
        role="listbox"
        aria-label="What can follow"
        hidden={!showsList}
        tabIndex={-1}
        onPointerDown={(event) => event.preventDefault()}
        className="absolute top-full left-0 z-40 mt-1 w-80 max-w-[calc(100vw-2rem)] rounded-lg border border-line bg-surface py-1 shadow-(--shadow)"
      >
        {completions.map(({ text, hint }, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and the keys
          <div
            key={text}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => choose(index)}
            className="flex min-h-8 cursor-pointer items-center gap-2 px-3 font-mono text-xs hover:bg-sunken aria-selected:bg-sunken"
          >
            <span className="min-w-0 flex-1 truncate">{text}</span>
            <span className="font-sans text-ink-faint">{hint}</span>
          </div>
        ))}
        <p className="border-line border-t px-3 pt-1.5 pb-0.5 text-ink-faint text-xs">
          Enter adds it, as in <code>lr&lt;0.01</code>, <code>state:failed</code>,{" "}
          <code>max(accuracy)&gt;0.9</code>. Words look in names, notes and agents; <code>-tag:broken</code>{" "}
          is "not".
        </p>
      </div>
    </div>
  );
}
