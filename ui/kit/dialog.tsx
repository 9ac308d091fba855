"use client";

import { type FormEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { Button } from "./button";
import { TextField } from "./field";

/**
 * The browser's own modal dialog: it keeps the focus inside, closes on Escape and gives the focus back to where it
 * was. A click beside it closes it too.
 */
export function Dialog(props: {
  open: boolean;
  title: string;
  children: ReactNode;
  onClose: () => void;
  /** The title is for readers alone, and the children reach to the edges. */
  quiet?: boolean;
  className?: string;
}) {
  const { open, title, children, onClose, quiet = false } = props;
  const { className = "w-[min(30rem,calc(100vw-2rem))]" } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  // One that is taken out of the page while it is open gives the focus back, too.
  useLayoutEffect(() => {
    const own = dialog.current;
    return () => own?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard's way out is Escape, which the element itself knows
    <dialog
      ref={dialog}
      // The browser tells of every closing, a moment later; what the page has closed itself may have opened another by then.
      onClose={() => open && !dialog.current?.open && onClose()}
      onClick={(event) => event.target === dialog.current && onClose()}
      aria-labelledby={titleId}
      className={`m-auto rounded-xl border border-line bg-surface p-0 text-ink shadow-(--shadow) backdrop:bg-black/35 ${className}`}
    >
      <div className={quiet ? "" : "p-5"}>
        <h2 id={titleId} className={quiet ? "sr-only" : "break-words font-semibold text-lg"}>
          {title}
        </h2>
        {open && children}
      </div>
    </dialog>
  );
}

/** The buttons at a dialog's foot, the one that acts last. */
export function DialogFoot({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>;
}

/** Before what destroys data: the name must be typed, so that no stray click and no wrong tab does it. */
export function ConfirmName(props: {
  open: boolean;
  title: string;
  children: ReactNode;
  /** What has to be typed. */
  name: string;
  action: string;
  busy?: boolean;
  error?: string | undefined;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { open, title, children, name, action, busy = false, error, onConfirm, onClose } = props;
  return (
    <Dialog open={open} title={title} onClose={onClose}>
      <NameForm name={name} action={action} busy={busy} error={error} onConfirm={onConfirm} onClose={onClose}>
        {children}
      </NameForm>
    </Dialog>
  );
}

function NameForm(props: {
  name: string;
  action: string;
  busy: boolean;
  error: string | undefined;
  children: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { name, action, busy, error, children, onConfirm, onClose } = props;
  const [typed, setTyped] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === name && !busy) onConfirm();
  };
  return (
    <form onSubmit={submit}>
      <div className="mt-2 mb-4 text-ink-soft">{children}</div>
      <TextField
        label={`Type ${name} to confirm`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        error={error}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        translate="no"
      />
      <DialogFoot>
        <Button onClick={onClose}>Keep it</Button>
        <Button weight="danger" type="submit" disabled={typed !== name || busy}>
          {action}
        </Button>
      </DialogFoot>
    </form>
  );
}
