"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";

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

export interface Tab {
  id: string;
  label: string;
  content: ReactNode;
}

/** Views of one thing within a page, by the ARIA pattern "tabs": arrows move, Home and End jump. */
export function Tabs(props: {
  label: string;
  tabs: readonly Tab[];
  /** Which one is open; without it the first one, and clicks are remembered here. */
  open?: string;
  onOpen?: (id: string) => void;
}) {
  const { label, tabs, open, onOpen } = props;
  const [own, setOwn] = useState(tabs[0]?.id);
  const chosen = open ?? own;
  const list = useRef<HTMLDivElement>(null);
  const base = useId();
  const choose = (id: string) => {
    setOwn(id);
    onOpen?.(id);
  };
  const onKey = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    choose(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(next.id)}"]`)?.focus();
  };
  return (
    <>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        onKeyDown={onKey}
        className="flex gap-5 overflow-x-auto border-line border-b"
      >
        {tabs.map(({ id, label: text }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${base}-${id}`}
            data-tab={id}
            aria-selected={id === chosen}
            aria-controls={`${base}-${id}-panel`}
            tabIndex={id === chosen ? 0 : -1}
            onClick={() => choose(id)}
            className={`${TAB} ${id === chosen ? CHOSEN : OTHER}`}
          >
            {text}
          </button>
        ))}
      </div>
      {tabs.map(({ id, content }) => (
        <div
          key={id}
          role="tabpanel"
          id={`${base}-${id}-panel`}
          aria-labelledby={`${base}-${id}`}
          hidden={id !== chosen}
          className="pt-4"
        >
          {content}
        </div>
      ))}
    </>
  );
}
