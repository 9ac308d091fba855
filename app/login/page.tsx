import type { Metadata } from "next";
import { PageFrame } from "@/app/_components/page-frame";
import { CommandBlock } from "@/ui/kit/copy";

export const metadata: Metadata = { title: "Sign in" };

/** Where one lands without a session. The link itself, /login?token=..., is answered by server.ts. */
export default function LoginPage() {
  return (
    <PageFrame>
      <div className="max-w-xl pt-16">
        <h1 className="font-semibold text-xl tracking-tight">Sign in with a link</h1>
        <p className="mt-2 mb-5 text-ink-soft">
          Besom prints a one-time link each time the server starts; open it in this browser. If the link is
          used up or too old, start the server again where it runs: agents wait meanwhile and lose nothing.
        </p>
        <CommandBlock command="npm start" label="Copy" />
      </div>
    </PageFrame>
  );
}
