import type { Metadata } from "next";
import { cookies } from "next/headers";
import { PageFrame } from "@/app/_components/page-frame";
import { ask } from "@/app/_lib/ask";
import { WhoAmI } from "@/graphql/operations/accounts";
import { isTheme, THEME_COOKIE } from "@/ui/kit/theme";
import { Explorer } from "./_components/explorer";

export const metadata: Metadata = { title: "API explorer" };

/** What `GET /graphql` shows to a browser; programs get the API at the same address. */
export default async function Page() {
  const { viewer } = await ask(WhoAmI, {}, "/graphql");
  const theme = (await cookies()).get(THEME_COOKIE)?.value;
  return (
    <PageFrame
      crumbs={[{ label: "API explorer", href: "/graphql" }]}
      whole
      {...(viewer && { viewer: viewer.name })}
    >
      <h1 className="sr-only">API explorer</h1>
      <Explorer theme={isTheme(theme) ? theme : undefined} />
    </PageFrame>
  );
}
