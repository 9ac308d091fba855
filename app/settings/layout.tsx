import type { ReactNode } from "react";
import { PageFrame } from "@/app/_components/page-frame";
import { maybeViewer } from "@/app/_lib/ask";
import { TabLinks } from "@/ui/kit/tabs";

const OWN = [
  { href: "/settings", label: "Profile" },
  { href: "/settings/keys", label: "API keys" },
  { href: "/settings/sessions", label: "Sessions" },
  { href: "/settings/teams", label: "Teams" },
  { href: "/settings/audit", label: "Activity" },
];
const SERVER = { href: "/settings/users", label: "Users" };

/** What is one's own, side by side; server administrators have the server's users beside it. */
export default async function Layout({ children }: { children: ReactNode }) {
  // A stranger is sent to sign in by the page itself, which knows where to come back to.
  const viewer = await maybeViewer();
  return (
    <PageFrame crumbs={[{ label: "Settings", href: "/settings" }]} {...(viewer && { viewer: viewer.name })}>
      <TabLinks label="Settings" tabs={viewer?.admin ? [...OWN, SERVER] : OWN} />
      {/* The line of the tabs is the first panel's line. */}
      <div className="max-w-4xl pt-3 [&>section:first-of-type>header]:border-t-0">{children}</div>
    </PageFrame>
  );
}
