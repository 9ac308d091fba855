"use client";

import { type FormEvent, useState } from "react";
import { plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Dialog, DialogFoot } from "@/ui/kit/dialog";
import { Checkbox, TextField } from "@/ui/kit/field";
import { Scroll } from "@/ui/kit/scroll";
import type { Brush } from "../prepare/brush";
import { type ParallelAxis, type Span, toBrush, toSpans } from "../prepare/parallel-axis";

/** A brush in words and numbers, for who does not drag (WCAG 2.5.7) or knows the number. */
export function ParallelRange(props: {
  axis: ParallelAxis;
  brush: Brush | undefined;
  open: boolean;
  onClose: () => void;
  onBrush: (brush: Brush | undefined) => void;
}) {
  const { axis, open, onClose } = props;
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={axis.levels ? `Values of ${axis.dimension.label}` : `Range of ${axis.dimension.label}`}
    >
      {axis.levels ? <Values {...props} levels={axis.levels} /> : <Numbers {...props} />}
    </Dialog>
  );
}

interface Form {
  axis: ParallelAxis;
  brush: Brush | undefined;
  onClose: () => void;
  onBrush: (brush: Brush | undefined) => void;
}

function Numbers({ axis, brush, onClose, onBrush }: Form) {
  const [range] = brush?.ranges ?? [];
  const [low, setLow] = useState(toText(range?.[0]));
  const [high, setHigh] = useState(toText(range?.[1]));
  const [missing, setMissing] = useState(brush ? brush.missing === true : true);
  const errors = { low: toError(low), high: toError(high) };
  const crossed = !errors.low && !errors.high && toLimit(low, -1) > toLimit(high, 1);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (errors.low || errors.high || crossed) return;
    const open = low.trim() === "" && high.trim() === "";
    const all = open && (missing || axis.missing === 0);
    const ranges = [[toLimit(low, -1), toLimit(high, 1)] as const];
    onBrush(all ? undefined : { ranges, ...(missing && axis.missing > 0 && { missing }) });
    onClose();
  };
  return (
    <form onSubmit={submit} className="mt-4">
      <div className="grid grid-cols-2 gap-4">
        <TextField
          label="From"
          inputMode="decimal"
          value={low}
          onChange={(event) => setLow(event.target.value)}
          placeholder={axis.text(axis.ends[0])}
          error={errors.low}
        />
        <TextField
          label="To"
          inputMode="decimal"
          value={high}
          onChange={(event) => setHigh(event.target.value)}
          placeholder={axis.text(axis.ends[1])}
          error={errors.high ?? (crossed ? "is below the other end" : undefined)}
        />
      </div>
      <p className="mt-2 text-ink-faint text-sm">Both ends are inside. An empty field is no limit.</p>
      <Missing axis={axis} missing={missing} onChange={setMissing} />
      <DialogFoot>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" weight="solid">
          Show these runs
        </Button>
      </DialogFoot>
    </form>
  );
}

/** More boxes than this are no help: the axis itself takes ranges. */
const MOST_BOXES = 500;

function Values({ axis, brush, levels, onClose, onBrush }: Form & { levels: readonly (number | string)[] }) {
  const all = levels.map((_, i) => i);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(
    () =>
      new Set(
        brush ? all.filter((i) => toSpans(axis, brush).some(([low, high]) => i >= low && i <= high)) : all,
      ),
  );
  const [missing, setMissing] = useState(brush ? brush.missing === true : true);
  const none = chosen.size === 0 && !(missing && axis.missing > 0);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (none) return;
    const spans = [...chosen].map((i): Span => [i, i]);
    const whole: Span[] = chosen.size === levels.length ? [axis.ends] : spans;
    onBrush(toBrush(axis, whole, missing && axis.missing > 0));
    onClose();
  };
  return (
    <form onSubmit={submit} className="mt-4">
      <Scroll label={`Values of ${axis.dimension.label}`} className="max-h-72">
        {all.slice(0, MOST_BOXES).map((i) => (
          <Checkbox
            key={i}
            label={axis.text(i) || "(empty text)"}
            className="wrap-anywhere"
            checked={chosen.has(i)}
            onChange={(event) => {
              const next = new Set(chosen);
              if (event.target.checked) next.add(i);
              else next.delete(i);
              setChosen(next);
            }}
          />
        ))}
      </Scroll>
      {all.length > MOST_BOXES && (
        <p className="mt-2 text-ink-faint text-sm">
          The first {MOST_BOXES} of {all.length} values: drag along the axis for others.
        </p>
      )}
      <Missing axis={axis} missing={missing} onChange={setMissing} />
      <DialogFoot>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" weight="solid" disabled={none}>
          Show these runs
        </Button>
      </DialogFoot>
    </form>
  );
}

function Missing(props: { axis: ParallelAxis; missing: boolean; onChange: (missing: boolean) => void }) {
  const { axis, missing, onChange } = props;
  if (axis.missing === 0) return null;
  return (
    <Checkbox
      className="mt-3"
      label={`Also ${plural(axis.missing, "run")} without a value`}
      checked={missing}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}

const toText = (limit: number | undefined): string =>
  limit === undefined || !Number.isFinite(limit) ? "" : String(limit);

const toLimit = (text: string, sign: 1 | -1): number =>
  text.trim() === "" ? sign * Number.POSITIVE_INFINITY : Number(text);

const toError = (text: string): string | undefined =>
  Number.isNaN(Number(text)) ? "is no number: write it as 0.001 or 1e-3" : undefined;
