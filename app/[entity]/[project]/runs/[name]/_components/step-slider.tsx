"use client";

import { useId } from "react";
import { formatCount } from "@/ui/format";

/** Which step's is shown. Arrow keys go by one, Page Up and Page Down by a tenth, Home and End to the ends: a slider does so by itself. */
export function StepSlider(props: {
  name: string;
  steps: readonly number[];
  step: number;
  /** Undefined at the end: from now on it follows what comes. */
  onChoose: (step: number | undefined) => void;
}) {
  const { name, steps, step, onChoose } = props;
  const id = useId();
  const last = steps.length - 1;
  const at = toPlace(steps, step);
  const choose = (place: number) => onChoose(place >= last ? undefined : steps[place]);
  return (
    <div className="mt-2 flex min-h-8 items-center gap-2 text-xs">
      <label htmlFor={id} className="text-ink-soft">
        Step<span className="sr-only"> of {name}</span>
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={last}
        step={1}
        value={at}
        aria-valuetext={formatCount(step)}
        onChange={(event) => choose(Number(event.target.value))}
        className="h-6 min-w-0 grow accent-(--focus)"
      />
      {/* As wide as the greatest, so that nothing moves. */}
      <output
        htmlFor={id}
        className="figures text-right text-ink-faint"
        style={{ minWidth: `${widest(steps)}ch` }}
      >
        {formatCount(step)}
      </output>
    </div>
  );
}

const widest = (steps: readonly number[]): number => formatCount(steps.at(-1) ?? 0).length;

/** The last one that is not beyond it: of thinned steps the chosen one may be gone. */
function toPlace(steps: readonly number[], step: number): number {
  const beyond = steps.findIndex((one) => one > step);
  return beyond === -1 ? steps.length - 1 : Math.max(0, beyond - 1);
}
