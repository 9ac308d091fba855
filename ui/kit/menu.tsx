"use client";

import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

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
  /** A function is asked when the menu opens: in a row that is seldom drawn anew, what it offers is then not of long ago. */
  items: readonly MenuItem[] | (() => readonly MenuItem[]);
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
  /** What a function offered when the menu opened: an entry that comes later would move the others under the pointer. */
  const [offered, setOffered] = useState<readonly MenuItem[]>([]);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  /** The entry that gets the focus when the menu opens. */
  const entry = useRef<"first" | "last">("first");
  const menuId = useId();
  const entries = () => entriesIn(root.current);

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  // Before the next key can come: with an Enter that follows at once, the entry is chosen and not the button pressed again.
  useLayoutEffect(() => {
    if (!open) return;
    entriesIn(root.current)
      .at(entry.current === "first" ? 0 : -1)
      ?.focus({ preventScroll: floating });
    if (!floating) return;
    // What floats is moved along with its button, and stays on that side of it where it began.
    let side: Side | undefined;
    const follow = () => {
      const now = beside(button.current, sheet.current, align, side);
      side ??= now?.side;
      setPlace(now?.place);
    };
    follow();
    document.addEventListener("scroll", follow, { capture: true, passive: true });
    window.addEventListener("resize", follow);
    return () => {
      document.removeEventListener("scroll", follow, { capture: true });
      window.removeEventListener("resize", follow);
    };
  }, [open, floating, align]);

  const openAt = (which: "first" | "last") => {
    entry.current = which;
    if (typeof items === "function") setOffered(items());
    setOpen(true);
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
          ref={sheet}
          {...(floating && { style: place })}
          className={`${floating ? "fixed max-h-[calc(100dvh-1rem)] overflow-y-auto" : `absolute top-full mt-1 ${align === "right" ? "right-0" : "left-0"}`} z-40 min-w-48 max-w-[calc(100vw-2rem)] rounded-lg border border-line bg-surface py-1 text-left shadow-(--shadow)`}
        >
          {head && <div className="border-line border-b px-3 pt-1 pb-2">{head}</div>}
          <div role="menu" id={menuId} aria-label={label} tabIndex={-1} onKeyDown={onMenuKey}>
            {(typeof items === "function" ? offered : items).map((item, index) =>
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
type Side = "below" | "above" | "within";

/** `min-w-48` and some air: what opens at an edge of the window stays inside it. */
const LEAST_PX = 200;

/** Between the menu and the edge of the window. */
const AIR_PX = 8;

/** In the window: below the button, the aligned edges above each other; where that leaves the window, above the button. */
function beside(
  button: HTMLElement | null,
  sheet: HTMLElement | null,
  align: "left" | "right",
  kept?: Side,
): { place: Place; side: Side } | undefined {
  if (!button || !sheet) return undefined;
  const box = button.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const height = sheet.offsetHeight;
  const above = box.top - 4 - height;
  const lowest = clientHeight - AIR_PX - height;
  const below = box.bottom + 4;
  // A button that was scrolled out of sight takes its menu along.
  const fits = below <= lowest || box.top > clientHeight;
  const side = kept ?? (fits ? "below" : above >= AIR_PX ? "above" : "within");
  const top = side === "below" ? below : side === "above" ? above : Math.max(AIR_PX, lowest);
  const furthest = Math.max(AIR_PX, clientWidth - LEAST_PX);
  const place =
    align === "left"
      ? { top, left: Math.min(furthest, Math.max(AIR_PX, box.left)) }
      : { top, right: Math.min(furthest, clientWidth - box.right) };
  return { place, side };
}

const entriesIn = (root: HTMLElement | null): HTMLElement[] => [
  ...(root?.querySelectorAll<HTMLElement>('[role="menuitem"]:not([aria-disabled="true"])') ?? []),
];

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
