import { toPythonText } from "@/core/python";
import { isOutside, type SweepConfig } from "@/core/sweep-config";
import type { Preview } from "@/graphql/operations/new-sweep";
import { flattenParams, variedNames } from "@/ui/charts/prepare/rows";
import { formatValue, plural } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";
import type { PreviewState } from "./use-checked";

/** How many runs it makes, and what they look like. */
export function Examples({ preview, config }: { preview: PreviewState; config: SweepConfig }) {
  const shown =
    preview.state === "known" ? preview.preview : preview.state === "asking" ? preview.last : undefined;
  return (
    <Panel id="examples" title="Runs" note={shown && !shown.error && toCount(shown, config)}>
      {preview.state === "unreachable" && (
        <p role="status" className="text-ink-soft">
          Not known: {preview.why}.
        </p>
      )}
      {shown?.error && (
        <p className="text-ink-soft">This server can't run the file: {shown.error.message}.</p>
      )}
      {shown && !shown.error && isOutside(config) && (
        <p className="text-ink-soft">
          Nothing is chosen here: agents get the runs that a controller or a scheduler of yours sends.
        </p>
      )}
      {shown && shown.runs.length > 0 && <Table preview={shown} />}
    </Panel>
  );
}

/** "18 configurations" is exact; a sweep without an end says so. */
export function toCount({ size }: Pick<Preview, "size">, config: SweepConfig): string {
  const { runCap, repeats } = config;
  if (isOutside(config) && runCap === undefined) return "as many as are sent";
  const cap = runCap === undefined ? "" : `, stops after ${plural(runCap, "run")}`;
  if (size === null) return runCap === undefined ? "without end, until you stop it" : plural(runCap, "run");
  const all = withSeparators(size);
  const each = repeats > 1 ? `, ${repeats} of each configuration` : "";
  return `exactly ${all} ${size === "1" ? "run" : "runs"}${each}${runCap !== undefined && BigInt(size) > BigInt(runCap) ? cap : ""}`;
}

/** Grids can have more points than a double counts. */
const withSeparators = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ",");

function Table({ preview }: { preview: Preview }) {
  const runs = preview.runs.map((run) => ({ ...run, flat: flattenParams(run.params) }));
  const varied = variedNames(runs.map((run) => run.flat));
  const columns = varied.length > 0 ? varied : [...(runs[0]?.flat.keys() ?? [])];
  const named = runs.some((run) => run.displayName !== null);
  return (
    <>
      <p className="mb-2 text-ink-faint text-sm">
        {preview.exact
          ? "The first ones:"
          : "Examples: each sweep draws its own, unless the file has a seed."}
      </p>
      <Scroll label="Table of sampled configurations" className="max-h-72">
        <table className="figures border-collapse text-left text-sm">
          <thead className="sticky top-0 bg-paper text-ink-faint text-xs">
            <tr>
              {[...(named ? ["name"] : []), ...columns].map((name) => (
                <th key={name} scope="col" className="whitespace-nowrap py-1.5 pr-5 font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {runs.map(({ flat, displayName }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a run is its number
              <tr key={i} className="border-line border-t">
                {named && <td className="whitespace-nowrap py-1.5 pr-5">{displayName}</td>}
                {columns.map((name) => {
                  const value = flat.get(name);
                  return (
                    <td
                      key={name}
                      className="max-w-48 truncate whitespace-nowrap py-1.5 pr-5"
                      title={value === undefined ? undefined : toPythonText(value)}
                    >
                      {value === undefined ? <span className="text-ink-faint">–</span> : formatValue(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
