import type { Choice } from "@/ui/kit/select";
import { BareSelect } from "@/ui/kit/select";

/** One choice of a chart's, in a row with the others. */
export function Pick(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onPick: (value: string) => void;
}) {
  const { label, value, choices, onPick } = props;
  return (
    <div className="flex min-w-0 items-center gap-2 text-xs">
      <span aria-hidden="true" className="shrink-0 text-ink-faint">
        {label}
      </span>
      <BareSelect
        label={label}
        value={value}
        choices={choices}
        onChange={(event) => onPick(event.currentTarget.value)}
        className="min-w-0 max-w-52"
      />
    </div>
  );
}
