import { Button } from "@/ui/kit/button";
import { CommandBlock } from "@/ui/kit/copy";
import { TextField } from "@/ui/kit/field";

/** A plain form: it asks this page again, with what was typed. */
export function CodeForm({ code, url }: { code: string; url: string }) {
  return (
    <>
      <p className="mb-5 text-ink-soft">Type the code that the terminal shows.</p>
      <form method="get" className="grid gap-4">
        <TextField
          label="Code"
          name="code"
          defaultValue={code}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          required
          error={
            code
              ? `No terminal waits with the code ${code}. Codes work for a few minutes; start again there.`
              : undefined
          }
        />
        <Button type="submit" weight="solid">
          Go on
        </Button>
      </form>
      <div className="mt-8 border-line border-t pt-4 text-ink-soft text-sm">
        <p className="mb-3">A terminal asks by itself with:</p>
        <CommandBlock command={`npx besom login ${url}`} label="Copy" />
      </div>
    </>
  );
}
