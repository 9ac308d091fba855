import Link from "next/link";
import type { ReactNode } from "react";
import type { Recent } from "@/app/_lib/recent";
import { ClockProvider } from "@/ui/kit/clock";
import { BesomMark } from "@/ui/kit/icons";
import { ThemeSwitch } from "@/ui/kit/theme-switch";
import { Toasts } from "@/ui/kit/toast";
import { AccountMenu } from "./account-menu";
import { CommandCenter } from "./command-center";

export interface Crumb {
  readonly label: string;
  readonly href: string;
}

/** What every page has: where one is, who one is, light or dark. */
export function PageFrame(props: {
  crumbs?: readonly Crumb[];
  viewer?: string;
  /** The content takes the whole window below the frame, to its edges. */
  whole?: boolean;
  children: ReactNode;
}) {
  const { crumbs = [], viewer, whole = false, children } = props;
  return (
    <ClockProvider serverNowMs={Date.now()}>
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-surface focus:px-3 focus:py-2"
      >
        Skip to the content
      </a>
      <header className="border-line border-b">
        <div className="mx-auto flex h-12 max-w-[88rem] items-center gap-2 px-4 sm:px-8">
          <nav aria-label="Where you are" className="flex min-w-0 items-center gap-2 text-sm">
            <Link href="/" className="flex min-h-8 items-center gap-2 font-semibold tracking-tight">
              <BesomMark />
              <span>Besom</span>
            </Link>
            {crumbs.map((crumb, i) => (
              <span
                key={crumb.href}
                // The later a name stands, the sooner it is cut; on a phone the last one, which is the page's title, leaves its room to the others.
                style={{ flexShrink: 10_000 ** i }}
                className={`flex max-w-80 items-center gap-2 ${i === 0 ? "min-w-0" : "min-w-12"} ${i > 0 && i === crumbs.length - 1 ? "max-sm:hidden" : ""}`}
              >
                <span aria-hidden="true" className="text-ink-faint">
                  /
                </span>
                <Link
                  href={crumb.href}
                  className="flex min-h-8 min-w-0 items-center text-ink-soft hover:text-ink hover:underline"
                >
                  <span className="truncate">{crumb.label}</span>
                </Link>
              </span>
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-1">
            <CommandCenter viewer={viewer} here={toRecent(crumbs)} />
            <ThemeSwitch />
            {viewer && <AccountMenu name={viewer} />}
          </div>
        </div>
      </header>
      <main id="content" className={whole ? "" : "mx-auto max-w-[88rem] px-4 pt-6 pb-20 sm:px-8"}>
        {children}
      </main>
      <Toasts />
    </ClockProvider>
  );
}

/** A page with a way of its own is come back to by its last name. */
function toRecent(crumbs: readonly Crumb[]): Recent | undefined {
  const last = crumbs.at(-1);
  return (
    last && {
      ...last,
      detail: crumbs
        .slice(0, -1)
        .map(({ label }) => label)
        .join(" / "),
    }
  );
}
