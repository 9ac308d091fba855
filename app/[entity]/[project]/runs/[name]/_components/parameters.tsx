import { useMemo } from "react";
import { toPythonText } from "@/core/python";
import type { RunHead } from "@/graphql/operations/run-page";
import { flattenParams } from "@/ui/charts/prepare/rows";
import { formatValue } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { Choice } from "./choice";

/** What it was given: first what its sweep varies, then what is the same for all; why just these values. */
export function Parameters({ head, varied }: { head: RunHead; varied: readonly string[] }) {
  const { params, suggestion, sweep, objective } = head;
  const flat = useMemo(() => flattenParams(params), [params]);
  const moving = new Set(varied);
  const names = [...flat.keys()].sort(
    (a, b) => Number(moving.has(b)) - Number(moving.has(a)) || (a < b ? -1 : 1),
  );
  return (
    <Panel id="parameters" title="Parameters" note={names.length}>
      {names.length === 0 && <p className="text-ink-faint">None.</p>}
      <dl className="text-sm">
        {names.map((name) => {
          const value = flat.get(name);
          const strong = varied.length === 0 || moving.has(name);
          return (
            <div
              key={name}
              className="flex items-baseline justify-between gap-4 border-line border-b py-1.5 last:border-b-0"
            >
              <dt className={`min-w-0 truncate ${strong ? "text-ink-soft" : "text-ink-faint"}`} title={name}>
                {name}
              </dt>
              <dd
                className={`figures min-w-0 break-words text-right ${strong ? "font-semibold" : "text-ink-faint"}`}
                title={value === undefined ? undefined : toPythonText(value)}
              >
                {formatValue(value)}
              </dd>
            </div>
          );
        })}
      </dl>
      {suggestion && (
        <Choice suggestion={suggestion} metric={sweep?.metric?.name ?? "a value of"} objective={objective} />
      )}
    </Panel>
  );
}
