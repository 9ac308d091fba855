import type { Metadata } from "next";
import { PageFrame } from "@/app/_components/page-frame";
import { maybeViewer } from "@/app/_lib/ask";
import { Invite } from "./_components/invite";

export const metadata: Metadata = { title: "Invitation" };

/** What an invitation's link opens: who invites to what, and the way in. The token stands in the fragment, which only the browser sees. */
export default async function Page() {
  const viewer = await maybeViewer();
  return (
    <PageFrame {...(viewer && { viewer: viewer.name })}>
      <div className="mx-auto max-w-sm pt-10 sm:pt-16">
        <Invite viewer={viewer?.name} />
      </div>
    </PageFrame>
  );
}
