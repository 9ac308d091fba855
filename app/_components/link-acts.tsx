"use client";

import { useRouter } from "next/navigation";
import { writeClipboard } from "@/ui/kit/copy";
import { useShortcuts } from "@/ui/kit/shortcuts";
import { showToast } from "@/ui/kit/toast";

/** What a server-drawn page offers by name and by key. */
export function LinkActs({
  acts,
}: {
  acts: readonly ({ words: string; keys?: string } & ({ href: string } | { copy: string }))[];
}) {
  const router = useRouter();
  useShortcuts(
    acts.map((act) => ({
      words: act.words,
      ...(act.keys && { keys: act.keys }),
      run: () => ("href" in act ? router.push(act.href) : void copyText(act.copy)),
    })),
  );
  return null;
}

/** Exactly `text`, and a word that it was done. */
export async function copyText(text: string): Promise<void> {
  await writeClipboard(text);
  showToast("Copied to the clipboard");
}
