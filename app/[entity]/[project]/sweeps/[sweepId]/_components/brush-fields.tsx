"use client";

import { type FormEvent, useId } from "react";
import { useSweepView } from "@/app/_live/sweep-view";
import type { Brush } from "@/ui/charts/prepare/brush";
import type { Dimension } from "@/ui/charts/prepare/dimension";
import { Button } from "@/ui/kit/button";
import { TextField } from "@/ui/kit/field";

/** The same as drawing a rectangle, for those who don't drag (WCAG 2.5.7): the ends of each axis in numbers, or its categories. */
export function BrushFields({ dimensions }: { dimensions: readonly Dimension[] }) {
  const view = useSweepView();
  const id = useId();
  const own = dimensions.filter((one, i) => dimensions.findIndex((other) => other.id === one.id) === i);
  const apply = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    view.setBrushes(new Map(own.map((dimension) => [dimension.id, readBrush(dimension, form)])));
  };
  return (
    <details className="text-xs">
      <summary className="inline-flex min-h-6 items-center rounded text-ink-faint underline decoration-dotted underline-offset-2 hover:text-ink">
        Choose a range by numbers
      </summary>
      {/* Another axis, or another brush from elsewhere, begins anew. */}
      <form
        key={own.map((dimension) => dimension.id + JSON.stringify(view.brushes.get(dimension.id))).join()}
        onSubmit={apply}
        className="mt-2 flex flex-wrap items-end gap-x-4 gap-y-3"
      >
        {own.map((dimension) =>
          dimension.kind === "category" ? (
            <fieldset key={dimension.id} className="min-w-0">
              <legend className="mb-1 font-medium text-sm">{dimension.label}</legend>
              <div className="flex max-h-32 flex-wrap gap-x-3 overflow-y-auto">
                {categoriesOf(dimension, view.data.rows.values()).map((value) => (
                  <label key={value} className="inline-flex min-h-6 items-center gap-1.5">
                    <input
                      type="checkbox"
                      name={dimension.id}
                      value={value}
                      defaultChecked={view.brushes.get(dimension.id)?.values?.includes(value)}
                      className="size-4 accent-(--focus)"
                    />
                    {dimension.format(value)}
                  </label>
                ))}
              </div>
            </fieldset>
          ) : (
            (["from", "to"] as const).map((end, i) => (
              <TextField
                key={`${id} ${dimension.id} ${end}`}
                label={`${dimension.label} ${end}`}
                name={`${dimension.id} ${end}`}
                defaultValue={toText(dimension, view.brushes.get(dimension.id)?.ranges?.[0]?.[i])}
                className="w-40"
                {...(dimension.kind === "time"
                  ? { type: "datetime-local", step: 1 }
                  : { inputMode: "decimal" })}
              />
            ))
          ),
        )}
        <Button type="submit">Apply</Button>
      </form>
    </details>
  );
}

function readBrush(dimension: Dimension, form: FormData): Brush | undefined {
  if (dimension.kind === "category") {
    const values = form.getAll(dimension.id).map(String);
    return values.length > 0 ? { values } : undefined;
  }
  const low = toEnd(dimension, form.get(`${dimension.id} from`));
  const high = toEnd(dimension, form.get(`${dimension.id} to`));
  return low === undefined && high === undefined
    ? undefined
    : { ranges: [[low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY]] };
}

function categoriesOf(dimension: Dimension, runs: Iterable<Parameters<Dimension["valueOf"]>[0]>): string[] {
  const present = new Set<string>();
  for (const run of runs) {
    const value = dimension.valueOf(run);
    if (value !== undefined) present.add(String(value));
  }
  const ordered = dimension.categories.filter((value) => present.has(value));
  return ordered.length === present.size ? ordered : [...present].sort();
}

/** A field for moments speaks UTC here, as all of the page. */
function toEnd(dimension: Dimension, text: FormDataEntryValue | null): number | undefined {
  if (typeof text !== "string" || text.trim() === "") return undefined;
  const value = dimension.kind === "time" ? Date.parse(`${text}Z`) : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

const toText = (dimension: Dimension, end: number | undefined): string =>
  end === undefined || !Number.isFinite(end)
    ? ""
    : dimension.kind === "time"
      ? new Date(end).toISOString().slice(0, 19)
      : String(end);
