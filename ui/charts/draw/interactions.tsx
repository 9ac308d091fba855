import { toPercentText } from "../prepare/importance";
import type { Interactions } from "../prepare/interactions";
import { DataTable } from "./frame";
import { CELL_PX, toCellFill, toCellInk, toInteractionsSize, toShortName } from "./interactions-file";

/** What parameters do in pairs: half a table of squares, and the same as a table of words. */
export function InteractionsMap({ map }: { map: Interactions }) {
  const { width, height } = toInteractionsSize(map.names.length);
  return (
    <figure>
      <svg
        role="img"
        aria-label={map.summary}
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="xMinYMin meet"
        className="figures block w-full text-xs"
        style={{ height, maxWidth: width }}
      >
        {map.cells.map(({ row, column, ramp, text, title }) => (
          <g key={title} transform={`translate(${column * CELL_PX} ${row * CELL_PX})`}>
            <title>{title}</title>
            <rect
              x={1}
              y={1}
              width={CELL_PX - 2}
              height={CELL_PX - 2}
              rx={3}
              fill={toCellFill(ramp)}
              stroke={row === column ? "var(--line-strong)" : "none"}
            />
            <text x={CELL_PX / 2} y={CELL_PX / 2 + 4} textAnchor="middle" fill={toCellInk(ramp)}>
              {text}
            </text>
          </g>
        ))}
        {map.names.map((name, i) => (
          <text key={name} x={(i + 1) * CELL_PX + 6} y={i * CELL_PX + CELL_PX / 2 + 4} fill="var(--ink)">
            <title>{name}</title>
            {toShortName(name)}
          </text>
        ))}
      </svg>
      <figcaption className="mt-2 max-w-prose text-ink-faint text-xs">
        Percent of the variation. A name stands for its row and its column: where they meet is what both do
        together beyond what each does alone, in colour up to {toPercentText(map.most)}; framed is what each
        does alone{map.notes.map((note) => `; ${note}`).join("")}.
      </figcaption>
      <DataTable caption={map.summary} columns={map.table.columns} rows={map.table.rows} />
    </figure>
  );
}
