import type { ReactNode } from "react";

/** A part of the page: a hairline, its name, what can be done with it (room for that is kept), and the thing itself. */
export function Panel(props: {
  id: string;
  title: string;
  /** Beside the title, smaller: a count, a state. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const { id, title, note, actions, children, className = "" } = props;
  return (
    <section aria-labelledby={`${id}-title`} id={id} className={`min-w-0 ${className}`}>
      <header className="mb-3 flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-line border-t pt-2.5">
        <h2 id={`${id}-title`} className="font-semibold text-sm">
          {title}
        </h2>
        {note && <span className="figures wrap-anywhere min-w-0 text-ink-faint text-sm">{note}</span>}
        {actions && <div className="ml-auto flex flex-wrap items-center gap-1.5">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
