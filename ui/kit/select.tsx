import type { SelectHTMLAttributes } from "react";
import { borderOf, CONTROL, Field, type FieldFrame, useFieldIds } from "./field";
import { ChevronIcon } from "./icons";

export interface Choice {
  value: string;
  label: string;
}

type Props = SelectHTMLAttributes<HTMLSelectElement> & { choices: readonly Choice[] };

/** The browser's own list, in our clothes: it knows every keyboard, screen reader and phone. */
export function Select({ label, help, error, className = "", ...props }: FieldFrame & Props) {
  const ids = useFieldIds({ help, error });
  return (
    <Field label={label} help={help} error={error} ids={ids} className={className}>
      <Box id={ids.id} edge={borderOf(error)} {...ids.aria} {...props} />
    </Field>
  );
}

/** Without a label above it, for a row of a table. */
export function BareSelect({ label, className = "", ...props }: Props & { label: string }) {
  return (
    <div className={className}>
      <Box aria-label={label} edge={borderOf(undefined)} {...props} />
    </div>
  );
}

function Box({ choices, edge, ...props }: Props & { edge: string }) {
  return (
    <span className="relative block">
      <select className={`h-8 appearance-none pr-8 max-sm:h-10 ${CONTROL} ${edge}`} {...props}>
        {choices.map(({ value, label }) => (
          <option key={value} value={value} className="bg-surface text-ink">
            {label}
          </option>
        ))}
      </select>
      <span className="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-ink-soft">
        <ChevronIcon />
      </span>
    </span>
  );
}
