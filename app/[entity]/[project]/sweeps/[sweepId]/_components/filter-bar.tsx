"use client";

import { useState } from "react";
import { useSweepView } from "@/app/_live/sweep-view";
import { splitRunQuery } from "@/core/run-query";
import { formatCount } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Notice } from "@/ui/kit/notice";
import { describeBrush } from "./describe-brush";
import { FilterBuilder } from "./filter-builder";
import { FilterChip } from "./filter-chip";
import { FilterField } from "./filter-field";
import { SavedViews } from "./saved-views";

/**
 * What narrows all parts of the page, in one place that stays in sight: a chip for each typed condition and each brush,
 * and the field that adds another. What can't be read is explained, and nothing of the text applies until it is mended.
 */
export function FilterBar() {
  const view = useSweepView();
  const { data, query, setQuery, brushes, setBrush, excluded, clearFilters, dimension, shown, hidden, hide } =
    view;
  const [building, setBuilding] = useState(false);
  /** The condition that is back in the field, to be changed. */
  const [changing, setChanging] = useState<number>();
  const terms = [...new Set(splitRunQuery(query.text))];
  const without = (index: number) => terms.filter((_, i) => i !== index);
  const total = data.rows.size;
  const narrowed = terms.length + brushes.size + excluded.length > 0;
  /** The next field begins with the focus: the one before it had it, and was left by a key. */
  const [again, setAgain] = useState(false);
  const leave = (byKey: boolean) => {
    setChanging(undefined);
    setAgain(byKey);
  };
  const add = (added: readonly string[]) => {
    const next = changing === undefined ? [...terms, ...added] : terms.toSpliced(changing, 1, ...added);
    setQuery([...new Set(next)].join(" "));
    leave(changing !== undefined);
  };
  return (
    <search
      aria-label="Filter of the runs"
      id="filter"
      className="-mx-1 z-30 mt-3 block border-line border-b bg-paper px-1 py-1.5 sm:sticky sm:top-0"
    >
      <div className="flex flex-wrap items-center gap-1.5">
        {terms.map((term, index) => (
          <FilterChip
            key={term}
            label={term}
            code
            bad={query.problem !== undefined}
            onChange={() => setChanging(index)}
            onRemove={() => setQuery(without(index).join(" "))}
          />
        ))}
        {[...brushes].map(([id, brush]) => (
          <FilterChip
            key={id}
            label={describeBrush(dimension(id), id, brush)}
            onRemove={() => setBrush(id, undefined)}
          />
        ))}
        {excluded.map((group, index) => {
          const label = [...group]
            .map(([id, brush]) => describeBrush(dimension(id), id, brush))
            .join(" and ");
          return (
            <FilterChip
              key={label}
              label={`not ${label}`}
              hint="bring these runs back"
              onRemove={() => view.include(index)}
            />
          );
        })}
        {hidden.size > 0 && (
          <FilterChip
            label={`${formatCount(hidden.size)} hidden`}
            hint="show all"
            onRemove={() => hide([])}
          />
        )}
        <FilterField
          // A condition that goes back into the field begins there anew.
          key={changing ?? "new"}
          initial={changing === undefined ? "" : (terms[changing] ?? "")}
          focused={again}
          onAdd={add}
          onLeave={leave}
          onBack={() => terms.length > 0 && setChanging(terms.length - 1)}
        />
        <Button weight="bare" onClick={() => setBuilding(true)} className="max-sm:px-1.5">
          Add filter
        </Button>
        <SavedViews />
        {narrowed && (
          <Button weight="bare" onClick={clearFilters}>
            Clear all
          </Button>
        )}
        <p role="status" className="figures ml-auto text-ink-faint text-sm">
          {narrowed || hidden.size > 0 ? `${formatCount(shown.length)} of ${formatCount(total)} pass` : ""}
        </p>
      </div>
      {query.problem && (
        <Notice tone="bad" live className="mt-1.5">
          {query.problem} Nothing of the typed filter is applied until this is changed.
        </Notice>
      )}
      <FilterBuilder open={building} onClose={() => setBuilding(false)} onTerms={add} />
    </search>
  );
}
