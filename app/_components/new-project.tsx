"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { toNewSweepPath } from "@/app/_lib/paths";
import { isSlug } from "@/core/ids";
import { Button } from "@/ui/kit/button";
import { Dialog, DialogFoot } from "@/ui/kit/dialog";
import { TextField } from "@/ui/kit/field";

/** A project begins with its first sweep: its name is asked here, the rest in the editor. */
export function NewProject({ entity, label = "New sweep" }: { entity: string; label?: string }) {
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [error, setError] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isSlug(name)) return setError("A name has letters, digits, dots, dashes and underscores.");
    router.push(toNewSweepPath(entity, name));
  };
  return (
    <>
      <Button weight="solid" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} title="In which project?" onClose={() => setOpen(false)}>
        <form onSubmit={submit} className="mt-3">
          <TextField
            label={`Project of ${entity}`}
            help="A new name makes a new project together with the sweep."
            value={name}
            onChange={(event) => {
              setName(event.target.value);
              setError(undefined);
            }}
            error={error}
            autoFocus
            autoComplete="off"
            spellCheck={false}
          />
          <DialogFoot>
            <Button onClick={() => setOpen(false)}>Back</Button>
            <Button type="submit" weight="solid">
              Go on to the sweep file
            </Button>
          </DialogFoot>
        </form>
      </Dialog>
    </>
  );
}
