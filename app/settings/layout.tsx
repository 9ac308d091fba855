import type { ReactNode } from "react";
import { PageFrame } from "@/app/_components/page-frame";
import { ask } from "@/app/_lib/ask";
import { WhoAmI } from "@/graphql/operations/accounts";
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
  const { viewer } = await ask(WhoAmI, {}, "/settings");
  return (
    <PageFrame crumbs={[{ label: "Settings", href: "/settings" }]} {...(viewer && { viewer: viewer.name })}>
      <TabLinks label="Settings" tabs={viewer?.admin ? [...OWN, SERVER] : OWN} />
      <div className="max-w-4xl pt-6">{children}</div>
    </PageFrame>
  );
}
