import type { ReactNode } from "react";

export interface Column<Row> {
  key: string;
  label: string;
  cell: (row: Row) => ReactNode;
  /** Figures stand right, so that their digits line up. */
  align?: "right";
  /** What needs no heading for the eye: a row's buttons. The label is still read out. */
  quiet?: boolean;
}

/** A list of like things, as it stands. On a phone each row becomes a block whose lines carry their column's name. */
export function DataTable<Row>(props: {
  /** For readers: what is listed. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}) {
  const { label, columns, rows, keyOf } = props;
  return (
    <table aria-label={label} className="w-full text-left text-sm max-sm:block">
      <thead className="max-sm:sr-only">
        <tr>
          {columns.map(({ key, label: text, align, quiet }) => (
            <th
              key={key}
              scope="col"
              className={`border-line border-b py-2 pr-4 font-medium text-ink-faint text-xs last:pr-0 ${align === "right" ? "text-right" : ""}`}
            >
              {quiet ? <span className="sr-only">{text}</span> : text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="max-sm:block">
        {rows.map((row) => (
          <tr key={keyOf(row)} className="border-line border-b max-sm:block max-sm:py-2.5">
            {columns.map(({ key, label: text, cell, align, quiet }, at) => (
              <td
                key={key}
                className={`py-2 pr-4 align-middle last:pr-0 max-sm:flex max-sm:min-h-7 max-sm:items-center max-sm:gap-3 max-sm:py-0.5 max-sm:pr-0 max-sm:has-[>span:last-child:empty]:hidden ${
                  align === "right" ? "figures sm:text-right" : ""
                } ${quiet ? "max-sm:-ml-2.5" : ""}`}
              >
                {at > 0 && !quiet && (
                  <span aria-hidden="true" className="w-28 shrink-0 text-ink-faint text-xs sm:hidden">
                    {text}
                  </span>
                )}
                <span className="min-w-0 max-sm:grow">{cell(row)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
