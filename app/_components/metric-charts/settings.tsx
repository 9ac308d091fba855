"use client";

import { type FormEvent, type ReactNode, useEffect, useId } from "react";
import { type ChartSettings, MOST_SMOOTHING } from "@/app/_live/chart-settings";
import type { Along } from "@/ui/charts/prepare/lines";
import { Button } from "@/ui/kit/button";
import { BareSelect } from "@/ui/kit/select";
import { Toggle } from "@/ui/kit/toggle";

/** The controls that all charts of metrics share; what one page has more stands before them. */
export function ChartControls({
  settings,
  metrics,
  children,
}: {
  settings: ChartSettings;
  /** That may lie along x; without them only steps and times are offered. */
  metrics?: readonly string[];
  children?: ReactNode;
}) {
  const { log, setLog, logX, setLogX, clip, setClip, along } = settings;
  return (
    <div className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-2 text-xs">
      {children}
      <AlongSelect settings={settings} metrics={metrics ?? []} />
      <SmoothingSlider settings={settings} />
      <Toggle pressed={log} onToggle={setLog}>
        Log y
      </Toggle>
      {along.kind !== "clock" && (
        <Toggle pressed={logX} onToggle={setLogX}>
          Log x
        </Toggle>
      )}
      <Toggle pressed={clip} onToggle={setClip}>
        Clip outliers
      </Toggle>
      <ZoomFields settings={settings} />
    </div>
  );
}

function AlongSelect({ settings, metrics }: { settings: ChartSettings; metrics: readonly string[] }) {
  const { along, setAlong } = settings;
  const value = along.kind === "metric" ? `m.${along.name}` : along.kind;
  const known = along.kind === "metric" && !metrics.includes(along.name) ? [along.name, ...metrics] : metrics;
  return (
    <BareSelect
      label="Along x"
      className="w-44"
      value={value}
      onChange={({ target }) =>
        setAlong(
          target.value.startsWith("m.")
            ? { kind: "metric", name: target.value.slice(2) }
            : { kind: target.value as "step" | "elapsed" | "clock" },
        )
      }
      choices={[
        { value: "step", label: "By step" },
        { value: "elapsed", label: "By time since the start" },
        { value: "clock", label: "By time of day" },
        ...known.map((name) => ({ value: `m.${name}`, label: `By ${name}` })),
      ]}
    />
  );
}

export function SmoothingSlider({ settings: { smoothing, setSmoothing } }: { settings: ChartSettings }) {
  const id = useId();
  return (
    <span className="inline-flex min-h-8 items-center gap-2">
      <label htmlFor={id} className="text-ink-soft">
        Smoothing
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={MOST_SMOOTHING}
        step={0.01}
        value={smoothing}
        onChange={(event) => setSmoothing(Number(event.target.value))}
        className="h-6 w-28 accent-(--focus)"
      />
      <output htmlFor={id} className="figures w-8 text-ink-faint">
        {smoothing.toFixed(2)}
      </output>
    </span>
  );
}

/** Dragging over a chart does the same; Escape goes back to all of it. */
export function ZoomFields({ settings: { along, range, setRange } }: { settings: ChartSettings }) {
  useEffect(() => {
    if (!range) return;
    const reset = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || isBusy(event.target)) return;
      setRange(undefined);
    };
    document.addEventListener("keydown", reset);
    return () => document.removeEventListener("keydown", reset);
  }, [range, setRange]);
  const unit = UNITS[along.kind];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const [low = Number.NaN, high = Number.NaN] = ["from", "to"].map((name) =>
      unit.read(String(fields.get(name) ?? "")),
    );
    if (low < high) setRange([low, high]);
  };
  const field = (name: "from" | "to", value: number | undefined) => (
    <input
      name={name}
      aria-label={`${name === "from" ? "From" : "To"} ${unit.label}`}
      placeholder={name}
      defaultValue={value === undefined ? "" : unit.write(value)}
      autoComplete="off"
      className="figures h-8 w-20 rounded-md border border-line-strong bg-surface px-2 text-ink placeholder:text-ink-faint max-sm:text-[16px]"
    />
  );
  return (
    <form
      // The fields begin anew with what was dragged.
      key={`${along.kind} ${range?.join() ?? ""}`}
      onSubmit={submit}
      className="inline-flex flex-wrap items-center gap-1.5"
    >
      {field("from", range?.[0])}
      {field("to", range?.[1])}
      <Button type="submit" className="text-xs">
        Zoom
      </Button>
      {range && (
        <Button onClick={() => setRange(undefined)} className="text-xs">
          Reset zoom
        </Button>
      )}
    </form>
  );
}

/** Escape belongs to whoever types, and to what lies above the page. */
const isBusy = (target: EventTarget | null): boolean =>
  document.querySelector("dialog[open]") !== null ||
  (target instanceof Element &&
    target.closest("input:not([type=range]), textarea, select, [role=menu]") !== null);

interface Unit {
  readonly label: string;
  read(text: string): number;
  write(value: number): string;
}

const NUMBER: Unit = {
  label: "value",
  read: (text) => (text.trim() === "" ? Number.NaN : Number(text)),
  write: (value) => String(Number(value.toPrecision(6))),
};
const UNITS: Readonly<Record<Along["kind"], Unit>> = {
  step: { ...NUMBER, label: "step", write: (value) => String(Math.round(value)) },
  metric: NUMBER,
  elapsed: {
    label: "second",
    read: (text) => NUMBER.read(text) * 1_000,
    write: (value) => NUMBER.write(value / 1_000),
  },
  clock: {
    label: "time, UTC",
    read: (text) => Date.parse(/[zZ]$/.test(text) ? text : `${text.trim().replace(" ", "T")}Z`),
    write: (value) => new Date(value).toISOString().slice(0, 19).replace("T", " "),
  },
};
