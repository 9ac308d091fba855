"use client";

import type { FormEvent } from "react";
import { textOf } from "@/app/_lib/form";
import { useVerb } from "@/app/_live/use-verb";
import { UpdateProfile } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";
import { showToast } from "@/ui/kit/toast";

export function ProfileForm({ displayName, email }: { displayName: string | null; email: string | null }) {
  const { busy, run, errorOf, rest } = useVerb(UpdateProfile, ["displayName", "email"]);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const saved = await run({
      displayName: textOf(form, "displayName"),
      email: textOf(form, "email"),
    });
    if (saved) showToast("Profile saved");
  };
  return (
    <form onSubmit={submit} className="grid max-w-md gap-4">
      <TextField
        label="Your name"
        name="displayName"
        defaultValue={displayName ?? ""}
        autoComplete="name"
        help="Shown beside your user name."
        error={errorOf("displayName")}
      />
      <TextField
        label="Email"
        name="email"
        type="email"
        defaultValue={email ?? ""}
        autoComplete="email"
        help="You can sign in with it. Only you and server administrators see it; nothing is sent to it."
        error={errorOf("email")}
      />
      {rest && (
        <Notice tone="bad" live>
          {rest}
        </Notice>
      )}
      <div>
        <Button type="submit" weight="solid" disabled={busy}>
          Save profile
        </Button>
      </div>
    </form>
  );
}
