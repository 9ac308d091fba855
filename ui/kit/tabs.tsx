"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { type KeyboardEvent, useEffect } from "react";

const TAB =
  "-mb-px inline-flex min-h-10 shrink-0 items-center gap-1.5 whitespace-nowrap border-b-2 px-1 text-sm focus-visible:outline-offset-[-2px]";
const CHOSEN = "border-ink font-semibold text-ink";
const OTHER = "border-transparent text-ink-soft hover:border-line-strong hover:text-ink";

/** Pages side by side: links, so each has an address of its own. The one that is open says so. */
export function TabLinks({
  label,
  tabs,
}: {
  label: string;
  tabs: readonly { href: string; label: string }[];
}) {
  const path = usePathname();
  const open = tabs
    .filter(({ href }) => path === href || path.startsWith(`${href}/`))
    .reduce((longest, { href }) => (href.length > longest.length ? href : longest), "");
  return (
    <nav aria-label={label} className="overflow-x-auto border-line border-b">
      <ul className="flex gap-5">
        {tabs.map(({ href, label: text }) => (
          <li key={href}>
            <Link
              href={href}
              {...(open === href && { "aria-current": path === href ? ("page" as const) : true })}
              className={`${TAB} ${open === href ? CHOSEN : OTHER}`}
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Parts of one page, one of them shown: arrows move between them, and the panel below belongs to the chosen one. */
export function Tabs<T extends string>(props: {
  label: string;
  tabs: readonly { id: T; label: string; note?: string }[];
  chosen: T;
  onChoose: (id: T) => void;
  /** Of the panel: `${panelId}`. */
  panelId: string;
}) {
  const { label, tabs, chosen, onChoose, panelId } = props;
  useEffect(() => {
    // Where the list is wider than the page; the page itself keeps still.
    const tab = document.getElementById(`tab-${chosen}`);
    const list = tab?.parentElement?.parentElement;
    if (!tab || !list) return;
    const [left, right] = [
      tab.offsetLeft - list.offsetLeft,
      tab.offsetLeft - list.offsetLeft + tab.offsetWidth,
    ];
    if (left < list.scrollLeft || right > list.scrollLeft + list.clientWidth)
      list.scrollLeft = left - (list.clientWidth - tab.offsetWidth) / 2;
  }, [chosen]);
  const onKey = (event: KeyboardEvent<HTMLDivElement>) => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    onChoose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div className="overflow-x-auto border-line border-b">
      <div role="tablist" aria-label={label} className="flex gap-5" onKeyDown={onKey}>
        {tabs.map(({ id, label: text, note }) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={id === chosen}
            aria-controls={panelId}
            tabIndex={id === chosen ? 0 : -1}
            onClick={() => onChoose(id)}
            className={`${TAB} ${id === chosen ? CHOSEN : OTHER}`}
          >
            {text}
            {note && <span className="figures font-normal text-ink-faint text-xs">{note}</span>}
          </button>
        ))}
      </div>
    </div>
  );
}
