"use client";

import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import { textOf } from "@/app/_lib/form";
import { toTeamPath } from "@/app/_lib/paths";
import { useVerb } from "@/app/_live/use-verb";
import { CreateTeam } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";

export function NewTeam() {
  const router = useRouter();
  const { busy, run, errorOf, rest } = useVerb(CreateTeam, ["name"]);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const done = await run({ name: textOf(new FormData(event.currentTarget), "name") });
    if (done?.team) router.push(toTeamPath(done.team.name));
  };
  return (
    <form onSubmit={submit} className="grid max-w-md gap-4">
      <TextField
        label="Name"
        name="name"
        required
        maxLength={128}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        help="Stands in addresses: letters, digits, dot, hyphen and underscore. You become its admin."
        error={errorOf("name")}
      />
      {rest && (
        <Notice tone="bad" live>
          {rest}
        </Notice>
      )}
      <div>
        <Button type="submit" weight="solid" disabled={busy}>
          Create team
        </Button>
      </div>
    </form>
  );
}
