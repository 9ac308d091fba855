"use client";

import Link from "next/link";
import { Button, buttonLook } from "@/ui/kit/button";

/** A page that could not be drawn. The digest is the log's name for what happened. */
export default function PageError({
  error,
  retry,
}: {
  error: Error & { digest?: string };
  /** Asks the server once more; `reset` would only draw the same failure again. */
  retry: () => void;
}) {
  return (
    <main className="mx-auto max-w-xl px-4 pt-24">
      <h1 className="font-semibold text-xl tracking-tight">This page could not be drawn</h1>
      <p className="mt-2 text-ink-soft">
        Something failed on the server while it gathered the data. Your sweeps and agents are not touched by
        it.
        {error.digest && (
          <>
            {" "}
            The server's log has the details under <code className="font-mono text-xs">{error.digest}</code>.
          </>
        )}
      </p>
      <div className="mt-6 flex gap-2">
        <Button weight="solid" onClick={retry}>
          Try again
        </Button>
        <Link href="/" className={buttonLook("line")}>
          All projects
        </Link>
      </div>
    </main>
  );
}
