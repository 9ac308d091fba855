"use client";

import { useState } from "react";
import { CheckIcon, CopyIcon } from "./icons";

/** Puts exactly `text` on the clipboard and says so. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await writeClipboard(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_600);
  };
  return (
    <button
      type="button"
      onClick={copy}
      className="inline-flex h-7 min-w-20 items-center justify-center gap-1.5 rounded-md border border-line-strong bg-surface px-2 font-medium text-ink text-xs hover:bg-sunken"
    >
      {copied ? <CheckIcon /> : <CopyIcon />}
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </button>
  );
}

/** http://10.0.0.5:3000 is no secure context and has no clipboard, others refuse it: the old way still works there. */
export const writeClipboard = (text: string): Promise<void> =>
  navigator.clipboard
    ? navigator.clipboard.writeText(text).catch(() => copySelected(text))
    : copySelected(text);

async function copySelected(text: string): Promise<void> {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** A command to run elsewhere, with its Copy button. */
export function CommandBlock({ command, label }: { command: string; label: string }) {
  return (
    <div className="flex items-start gap-2 rounded-lg border border-line bg-sunken py-2 pr-2 pl-3">
      <pre
        className="min-w-0 grow self-center whitespace-pre-wrap break-words font-mono text-ink text-xs leading-5"
        translate="no"
      >
        <code>{command}</code>
      </pre>
      <CopyButton text={command} label={label} />
    </div>
  );
}
