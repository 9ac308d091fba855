"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

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
