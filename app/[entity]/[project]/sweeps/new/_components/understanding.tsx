import { type ParameterRow, toUnderstood } from "@/app/_lib/understood";
import type { SweepConfig } from "@/core/sweep-config";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";

/** The file as Besom reads it, before anything is created from it. */
export function Understanding({ config }: { config: SweepConfig }) {
  const { facts, rows } = toUnderstood(config);
  return (
    <Panel
      id="understood"
      title="Understood as"
      note={`${rows.length} parameters, ${rows.filter((row) => row.varies).length} vary`}
    >
      <dl className="mb-4 grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm">
        {facts.map(({ name, value }) => (
          <div key={name} className="contents">
            <dt className="text-ink-faint">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
      <Scroll label="Table of parameters" className="max-h-96">
        <table className="figures w-full min-w-[30rem] border-collapse text-left text-sm">
          <thead className="sticky top-0 bg-paper text-ink-faint text-xs">
            <tr>
              {["Parameter", "Kind", "Range or values", "Distribution"].map((name) => (
                <th key={name} scope="col" className="py-1.5 pr-4 font-medium last:pr-0">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Parameter key={row.name} row={row} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

function Parameter({ row }: { row: ParameterRow }) {
  const tone = row.varies ? "" : "text-ink-faint";
  return (
    <tr className="border-line border-t align-baseline">
      <th scope="row" className={`break-words py-1.5 pr-4 font-semibold ${tone}`}>
        {row.name}
        {row.when && <span className="block font-normal text-ink-faint text-xs">only if {row.when}</span>}
      </th>
      <td className={`whitespace-nowrap py-1.5 pr-4 ${tone}`}>{row.kind}</td>
      <td className={`break-words py-1.5 pr-4 ${tone}`} title={row.whole}>
        {row.values}
      </td>
      <td className="py-1.5 text-ink-faint">{row.distribution}</td>
    </tr>
  );
}
