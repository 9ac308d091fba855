import type { Metadata } from "next";
import Link from "next/link";
import { PageFrame } from "@/app/_components/page-frame";
import { maybeViewer } from "@/app/_lib/ask";
import { toLocalPath } from "@/app/_lib/paths";
import { toSignInError } from "@/core/sign-in-errors";
import { readSignInFacts } from "@/graphql/local";
import { SignIn } from "./_components/sign-in";

export const metadata: Metadata = { title: "Sign in" };

interface Props {
  searchParams: Promise<{ next?: string; error?: string }>;
}

/** Where one lands without a session, and what a one-time link opens. */
export default async function Page({ searchParams }: Props) {
  const { next, error } = await searchParams;
  const viewer = await maybeViewer();
  const onward = toLocalPath(next);
  return (
    <PageFrame {...(viewer && { viewer: viewer.name })}>
      <div className="mx-auto max-w-sm pt-10 sm:pt-16">
        <h1 className="mb-5 font-semibold text-xl tracking-tight">Sign in to Besom</h1>
        {viewer && (
          <p className="mb-5 text-ink-soft">
            You are signed in as <strong className="font-semibold text-ink">{viewer.name}</strong>.{" "}
            <Link href={onward} className="font-medium text-link underline underline-offset-2">
              Go on
            </Link>
          </p>
        )}
        <SignIn
          viewer={viewer?.name}
          next={onward}
          openId={readSignInFacts().openId}
          refused={toSignInError(error)}
        />
      </div>
    </PageFrame>
  );
}
