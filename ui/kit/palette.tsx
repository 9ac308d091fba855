"use client";

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Dialog } from "./dialog";

export interface PaletteItem {
  readonly id: string;
  readonly label: string;
  /** Beside it, fainter: where it is. */
  readonly detail?: string;
  /** At the end: a state, a key. */
  readonly end?: ReactNode;
  readonly onSelect: () => void;
}

export interface PaletteGroup {
  readonly title: string;
  readonly items: readonly PaletteItem[];
}

/**
 * One field that leads everywhere, by the ARIA pattern "combobox": the focus stays in the field, arrows move through the
 * list, Enter goes.
 */
export function Palette(props: {
  open: boolean;
  title: string;
  placeholder: string;
  text: string;
  onText: (text: string) => void;
  groups: readonly PaletteGroup[];
  /** Below the list: what is not known yet, or not there. */
  note: string;
  onClose: () => void;
}) {
  const { open, title, onClose } = props;
  return (
    <Dialog
      open={open}
      title={title}
      quiet
      onClose={onClose}
      className="mt-[12vh]! w-[min(40rem,calc(100vw-1.5rem))]"
    >
      <List {...props} />
    </Dialog>
  );
}

function List(props: Parameters<typeof Palette>[0]) {
  const { title, placeholder, text, onText, groups, note, onClose } = props;
  const [chosen, setChosen] = useState<string>();
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const items = groups.flatMap((group) => group.items);
  // What was chosen stays so while results come in; where it is gone, the first one is.
  const at = Math.max(
    0,
    items.findIndex(({ id }) => id === chosen),
  );
  const current = items[at];
  const optionId = (id: string) => `${listId}-${id}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whichever option is the current one is scrolled to
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current?.id]);

  const select = (item: PaletteItem) => {
    // At once: a closing dialog gives the focus back to where it was, and would take it from where the item leads.
    flushSync(onClose);
    item.onSelect();
  };
  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
    if (to !== undefined && items.length > 0) {
      event.preventDefault();
      const far = event.key.startsWith("Page");
      const next = far ? Math.min(items.length - 1, Math.max(0, to)) : (to + items.length) % items.length;
      setChosen(items[next]?.id);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      if (current) select(current);
    }
  };

  return (
    <>
      <input
        type="text"
        role="combobox"
        aria-label={title}
        aria-expanded="true"
        aria-controls={listId}
        aria-autocomplete="list"
        {...(current && { "aria-activedescendant": optionId(current.id) })}
        // biome-ignore lint/a11y/noAutofocus: the field is what the dialog was opened for
        autoFocus
        value={text}
        onChange={(event) => {
          setChosen(undefined);
          onText(event.target.value);
        }}
        onKeyDown={onKey}
        placeholder={placeholder}
        maxLength={200}
        spellCheck={false}
        autoComplete="off"
        className="h-12 w-full rounded-t-xl border-line border-b bg-transparent px-4 text-[16px] text-ink outline-offset-[-2px] placeholder:text-ink-faint"
      />
      <div
        ref={list}
        id={listId}
        role="listbox"
        aria-label="Results"
        tabIndex={-1}
        className="max-h-[min(26rem,60vh)] overflow-y-auto overscroll-contain p-1.5"
      >
        {groups.map(({ title: groupTitle, items: own }) => (
          // biome-ignore lint/a11y/useSemanticElements: groups of a listbox
          <div key={groupTitle} role="group" aria-label={groupTitle}>
            <div aria-hidden="true" className="px-2.5 pt-2 pb-1 font-medium text-ink-faint text-xs">
              {groupTitle}
            </div>
            {own.map((item) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard by the field, which keeps the focus
              // biome-ignore lint/a11y/useFocusableInteractive: the field points at it by aria-activedescendant
              <div
                key={item.id}
                id={optionId(item.id)}
                role="option"
                aria-selected={item === current}
                onClick={() => select(item)}
                onPointerMove={() => setChosen(item.id)}
                className="flex min-h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 py-1 text-sm aria-selected:bg-sunken aria-selected:shadow-[inset_2px_0_0_var(--focus)]"
              >
                <span className="min-w-0 truncate">{item.label}</span>
                {item.detail && (
                  <span className="min-w-0 shrink-[3] truncate text-ink-faint">{item.detail}</span>
                )}
                {item.end && <span className="ml-auto shrink-0">{item.end}</span>}
              </div>
            ))}
          </div>
        ))}
      </div>
      <p role="status" className="min-h-8 border-line border-t px-4 py-1.5 text-ink-faint text-xs">
        {note}
      </p>
    </>
  );
}
