import Link from "next/link";
import { PageFrame } from "./_components/page-frame";
import { maybeViewer } from "./_lib/ask";

export default async function NotFound() {
  const viewer = await maybeViewer();
  return (
    <PageFrame {...(viewer && { viewer: viewer.name })}>
      <div className="max-w-xl pt-16">
        <h1 className="font-semibold text-xl tracking-tight">Nothing is here</h1>
        <p className="mt-2 text-ink-soft">
          There is no such page, sweep or run, or it belongs to someone who has not shared it with you.
        </p>
        <p className="mt-6">
          <Link href="/" className="font-medium text-link underline underline-offset-2">
            All projects
          </Link>
        </p>
      </div>
    </PageFrame>
  );
}
