import type { Metadata } from "next";
import { PageFrame } from "@/app/_components/page-frame";
import { readSearch, toAddress } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { DevicePage } from "@/graphql/operations/accounts";
import { CodeForm } from "./_components/code-form";
import { Decide } from "./_components/decide";

export const metadata: Metadata = { title: "Sign in a terminal" };

interface Props {
  searchParams: Promise<{ code?: string }>;
}

/** `besom login` on some machine waits for a word of whoever is signed in here. */
export default async function Page({ searchParams }: Props) {
  const search = readSearch(await searchParams);
  const { code = "" } = search;
  const here = toAddress("/authorize/device", search);
  const { viewer, deviceLogin, serverInfo } = await ask(DevicePage, { userCode: code }, here);
  return (
    <PageFrame {...(viewer && { viewer: viewer.name })}>
      <div className="mx-auto max-w-md pt-10 sm:pt-16">
        <h1 className="mb-3 font-semibold text-xl tracking-tight">Sign in a terminal</h1>
        {deviceLogin && viewer ? (
          <Decide login={deviceLogin} viewer={viewer.name} />
        ) : (
          <CodeForm code={code} url={serverInfo.url} />
        )}
      </div>
    </PageFrame>
  );
}
