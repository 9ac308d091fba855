import type { ReactNode } from "react";

/** Where a list would be: what belongs here, one sentence, and the one thing to do next. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="max-w-2xl rounded-lg border border-line border-dashed px-5 py-6">
      <p className="font-semibold">{title}</p>
      {children && <div className="mt-1 text-ink-soft">{children}</div>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}
