"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import type { SweepHead } from "@/graphql/operations/pages";
import { Button } from "@/ui/kit/button";

/** With the editor, which nobody needs who only looks. */
const EditDialog = dynamic(() => import("./edit-dialog").then((module) => module.EditDialog), { ssr: false });

export function EditSweep({ head }: { head: SweepHead }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)} title="Its name and its file, as far as its runs allow">
        Edit
      </Button>
      {open && <EditDialog head={head} onClose={() => setOpen(false)} />}
    </>
  );
}
