"use client";

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

export type MenuItem =
  | { label: string; icon?: ReactNode; href: string; danger?: false }
  | { label: string; icon?: ReactNode; onSelect: () => void; danger?: boolean; disabled?: boolean }
  /** A line between groups. */
  | "rule";

/**
 * A button that opens a list of actions, by the ARIA pattern "menu button": arrows, Home and End move, a letter
 * jumps, Enter chooses, Escape and Tab close, and the focus goes back to the button.
 */
export function Menu(props: {
  /** Of the button, for readers; what it shows is `children`. */
  label: string;
  children: ReactNode;
  items: readonly MenuItem[];
  /** Above the items: who one is, say. */
  head?: ReactNode;
  align?: "left" | "right";
  /** Where the menu stands in something that scrolls, and would be cut off by it. */
  floating?: boolean;
  className?: string;
  /** Of the button: -1 where arrow keys lead to it. */
  tabIndex?: number;
}) {
  const { label, children, items, head, align = "right", floating = false, className = "", tabIndex } = props;
  const [open, setOpen] = useState(false);
  const [place, setPlace] = useState<Place>();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const menuId = useId();
  const entries = () => [
    ...(root.current?.querySelectorAll<HTMLElement>('[role="menuitem"]:not([aria-disabled="true"])') ?? []),
  ];

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    // What floats is moved along with its button.
    const follow = () => setPlace(below(button.current, align));
    if (floating) document.addEventListener("scroll", follow, { capture: true, passive: true });
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("scroll", follow, { capture: true });
    };
  }, [open, floating, align]);

  const openAt = (which: "first" | "last") => {
    if (floating) setPlace(below(button.current, align));
    setOpen(true);
    requestAnimationFrame(() =>
      entries()
        .at(which === "first" ? 0 : -1)
        ?.focus({ preventScroll: floating }),
    );
  };
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onButtonKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    openAt(event.key === "ArrowDown" ? "first" : "last");
  };
  const onMenuKey = (event: KeyboardEvent) => {
    if (event.key === "Tab") return setOpen(false);
    if (event.key === "Escape") {
      event.stopPropagation();
      return close();
    }
    const next = moveTo(event.key, entries());
    if (!next) return;
    event.preventDefault();
    next.focus();
  };

  return (
    <div ref={root} className="relative">
      <button
        ref={button}
        type="button"
        aria-label={label}
        tabIndex={tabIndex}
        aria-haspopup="menu"
        aria-expanded={open}
        {...(open && { "aria-controls": menuId })}
        onClick={() => (open ? close() : openAt("first"))}
        onKeyDown={onButtonKey}
        className={`inline-flex min-h-8 min-w-8 items-center justify-center gap-1.5 rounded-md px-2 text-ink-soft text-sm hover:bg-sunken hover:text-ink aria-expanded:bg-sunken aria-expanded:text-ink ${className}`}
      >
        {children}
      </button>
      {open && (
        <div
          {...(floating && { style: place })}
          className={`${floating ? "fixed" : `absolute top-full mt-1 ${align === "right" ? "right-0" : "left-0"}`} z-40 min-w-48 max-w-[calc(100vw-2rem)] rounded-lg border border-line bg-surface py-1 text-left shadow-(--shadow)`}
        >
          {head && <div className="border-line border-b px-3 pt-1 pb-2">{head}</div>}
          <div role="menu" id={menuId} aria-label={label} tabIndex={-1} onKeyDown={onMenuKey}>
            {items.map((item, index) =>
              item === "rule" ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: a line has no name, and the list does not change while it is open
                <hr key={index} className="my-1 border-line" />
              ) : (
                <Entry key={item.label} item={item} onDone={close} />
              ),
            )}
          </div>
        </div>
      )}
    </div>
  );
}

type Place = { top: number; right: number } | { top: number; left: number };

/** `min-w-48` and some air: what opens at an edge of the window stays inside it. */
const LEAST_PX = 200;

/** In the window, the aligned edges above each other. */
function below(button: HTMLElement | null, align: "left" | "right"): Place | undefined {
  const box = button?.getBoundingClientRect();
  if (!box) return undefined;
  const { clientWidth } = document.documentElement;
  const furthest = Math.max(8, clientWidth - LEAST_PX);
  return align === "left"
    ? { top: box.bottom + 4, left: Math.min(furthest, Math.max(8, box.left)) }
    : { top: box.bottom + 4, right: Math.min(furthest, clientWidth - box.right) };
}

const ENTRY =
  "flex min-h-8 w-full items-center gap-2 px-3 text-left text-sm hover:bg-sunken focus-visible:bg-sunken focus-visible:outline-offset-[-2px]";

function Entry({ item, onDone }: { item: Exclude<MenuItem, "rule">; onDone: () => void }) {
  if ("href" in item)
    return (
      <a role="menuitem" tabIndex={-1} href={item.href} className={`${ENTRY} text-ink`}>
        {item.icon}
        {item.label}
      </a>
    );
  const { label, icon, onSelect, danger = false, disabled = false } = item;
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      aria-disabled={disabled}
      onClick={() => {
        if (disabled) return;
        onDone();
        onSelect();
      }}
      className={`${ENTRY} ${danger ? "text-bad" : "text-ink"} aria-disabled:cursor-not-allowed aria-disabled:opacity-55`}
    >
      {icon}
      {label}
    </button>
  );
}

/** Which entry a key leads to, from the one that has the focus. */
function moveTo(key: string, entries: readonly HTMLElement[]): HTMLElement | undefined {
  const at = entries.indexOf(document.activeElement as HTMLElement);
  const count = entries.length;
  if (key === "ArrowDown") return entries[(at + 1) % count];
  if (key === "ArrowUp") return entries[(at - 1 + count) % count];
  if (key === "Home") return entries[0];
  if (key === "End") return entries.at(-1);
  if (key.length !== 1 || key === " ") return undefined;
  const wanted = key.toLowerCase();
  return [...entries.slice(at + 1), ...entries.slice(0, at + 1)].find((entry) =>
    entry.textContent?.trim().toLowerCase().startsWith(wanted),
  );
}
