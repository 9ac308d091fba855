"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button";

/** Asks once before what can't be undone. Escape and "Keep" leave things as they are; focus starts on "Keep". */
export function Confirm(props: {
  open: boolean;
  title: string;
  children: ReactNode;
  action: string;
  keep: string;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { open, title, children, action, keep, onConfirm, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      onClose={onClose}
      aria-labelledby={titleId}
      className="m-auto w-[min(26rem,calc(100vw-2rem))] rounded-xl border border-line bg-surface p-5 text-ink shadow-(--shadow) backdrop:bg-black/35"
    >
      <h2 id={titleId} className="font-semibold text-lg">
        {title}
      </h2>
      <div className="mt-2 text-ink-soft">{children}</div>
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose} autoFocus>
          {keep}
        </Button>
        <Button weight="danger" onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </dialog>
  );
}
