"use client";

import { type FormEvent, useId, useMemo, useState } from "react";
import { NUMBER_OPERATORS, type Operator, toFilterStep, WORD_OPERATORS } from "@/app/_lib/build-filter";
import { useSweepView } from "@/app/_live/sweep-view";
import type { Value } from "@/core/value";
import type { Dimension } from "@/ui/charts/prepare/dimension";
import { plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Dialog, DialogFoot } from "@/ui/kit/dialog";
import { TextField } from "@/ui/kit/field";
import { Select } from "@/ui/kit/select";

/** A condition put together from lists, for whoever does not know the words. */
export function FilterBuilder(props: {
  open: boolean;
  onClose: () => void;
  onTerms: (terms: readonly string[]) => void;
}) {
  const { open, onClose, onTerms } = props;
  return (
    <Dialog open={open} title="Add a filter" onClose={onClose}>
      <Builder onClose={onClose} onTerms={onTerms} />
    </Dialog>
  );
}

type Scalar = number | boolean | null | string;

function Builder({ onClose, onTerms }: { onClose: () => void; onTerms: (terms: readonly string[]) => void }) {
  const { data, dimensions, setBrush } = useSweepView();
  const subjects = useMemo(
    () => [
      { value: "state", label: "State" },
      { value: "tags", label: "Tags" },
      ...dimensions
        .filter(({ id, kind }) => id !== "f.state" && kind !== "time")
        .map(({ id, label }) => ({ value: id, label })),
    ],
    [dimensions],
  );
  const [subject, setSubject] = useState("state");
  const [operator, setOperator] = useState<Operator>("one of");
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [numbers, setNumbers] = useState(["", ""]);
  const [problem, setProblem] = useState<string>();
  const dimension = dimensions.find(({ id }) => id === subject);
  const options = useMemo(
    () => occurring(subject, dimension, data.rows.values()),
    [subject, dimension, data.rows],
  );
  const range = useMemo(() => rangeOf(dimension, data.rows.values()), [dimension, data.rows]);
  const operators = options ? WORD_OPERATORS : NUMBER_OPERATORS;

  const chooseSubject = (id: string) => {
    const next = dimensions.find((one) => one.id === id);
    setSubject(id);
    setOperator(next?.kind === "number" ? "at least" : "one of");
    setTicked(new Set());
    setProblem(undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = numbers.slice(0, operator === "between" ? 2 : 1);
    if (!options && typed.some((text) => text.trim() === "" || Number.isNaN(Number(text))))
      return setProblem("A number is needed, such as 0.01 or 1e-3.");
    if (options && ticked.size === 0) return setProblem("Tick at least one of them.");
    const values: Scalar[] = options
      ? options.filter(({ text }) => ticked.has(text)).map(({ value }) => value)
      : typed.map(Number);
    const step = toFilterStep({ subject, operator, values });
    if (!step) return setProblem(`"${operator}" can't be asked of this; another operator can.`);
    if ("terms" in step) onTerms(step.terms);
    else setBrush(step.id, step.brush);
    onClose();
  };
  return (
    <form onSubmit={submit} className="mt-3">
      <div className="grid grid-cols-[minmax(0,1fr)_9rem] gap-3">
        <Select
          label="Of each run"
          choices={subjects}
          value={subject}
          onChange={(event) => chooseSubject(event.target.value)}
        />
        <Select
          label="must be"
          choices={operators.map((value) => ({ value, label: value }))}
          value={operator}
          onChange={(event) => setOperator(event.target.value as Operator)}
        />
      </div>
      {options ? (
        <Ticks options={options} ticked={ticked} onTick={setTicked} />
      ) : (
        <div className="mt-3 grid grid-cols-2 gap-3">
          {(operator === "between" ? ["From", "To"] : ["Value"]).map((label, i) => (
            <TextField
              key={label}
              label={label}
              inputMode="decimal"
              autoComplete="off"
              value={numbers[i] ?? ""}
              onChange={(event) => setNumbers(numbers.toSpliced(i, 1, event.target.value))}
              {...(i === 0 && range && { help: range })}
            />
          ))}
        </div>
      )}
      <p role="alert" className="mt-2 text-bad text-sm empty:hidden">
        {problem}
      </p>
      <DialogFoot>
        <Button onClick={onClose}>Leave it</Button>
        <Button type="submit" weight="solid">
          Add
        </Button>
      </DialogFoot>
    </form>
  );
}

interface Option {
  readonly text: string;
  readonly value: Scalar;
  readonly runs: number;
}

function Ticks(props: {
  options: readonly Option[];
  ticked: ReadonlySet<string>;
  onTick: (ticked: ReadonlySet<string>) => void;
}) {
  const { options, ticked, onTick } = props;
  const id = useId();
  if (options.length === 0) return <p className="mt-3 text-ink-faint text-sm">No run has any yet.</p>;
  return (
    <fieldset className="mt-3 max-h-60 overflow-auto rounded-md border border-line p-1">
      <legend className="sr-only">Values</legend>
      {options.map(({ text, runs }, i) => (
        <label
          key={text}
          htmlFor={`${id}${i}`}
          className="flex min-h-8 items-center gap-2 px-2 text-sm hover:bg-sunken"
        >
          <input
            id={`${id}${i}`}
            type="checkbox"
            checked={ticked.has(text)}
            onChange={(event) => {
              const next = new Set(ticked);
              if (event.target.checked) next.add(text);
              else next.delete(text);
              onTick(next);
            }}
            className="size-4 accent-(--ink)"
          />
          <span className="min-w-0 flex-1 truncate" title={text}>
            {text}
          </span>
          <span className="figures text-ink-faint text-xs">{plural(runs, "run")}</span>
        </label>
      ))}
    </fieldset>
  );
}

type Rows = Iterable<ReturnType<typeof useSweepView>["shown"][number]>;

/** The values to tick, the commonest first; undefined for numbers. */
function occurring(subject: string, dimension: Dimension | undefined, rows: Rows): Option[] | undefined {
  if (dimension?.kind === "number") return undefined;
  const found = new Map<string, { value: Scalar; runs: number }>();
  const count = (text: string, value: Scalar) => {
    const known = found.get(text) ?? { value, runs: 0 };
    known.runs++;
    found.set(text, known);
  };
  for (const row of rows) {
    if (subject === "tags") for (const tag of row.tags) count(tag, tag);
    else if (subject === "state") count(row.state, row.state);
    else {
      const text = dimension?.valueOf(row);
      if (text === undefined) continue;
      const own: Value | undefined = subject.startsWith("p.") ? row.flat.get(subject.slice(2)) : undefined;
      count(String(text), isScalar(own) ? own : String(text));
    }
  }
  return [...found].map(([text, rest]) => ({ text, ...rest })).sort((a, b) => b.runs - a.runs);
}

const isScalar = (value: Value | undefined): value is Scalar =>
  value === null || ["number", "boolean", "string"].includes(typeof value);

function rangeOf(dimension: Dimension | undefined, rows: Rows): string | undefined {
  if (dimension?.kind !== "number") return undefined;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    const value = dimension.valueOf(row);
    if (typeof value !== "number") continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return undefined;
  const unit = dimension.id === "f.duration" ? "Seconds; here " : "Here ";
  const show = dimension.id === "f.duration" ? String : dimension.format;
  return `${unit}${show(low)} to ${show(high)}`;
}
