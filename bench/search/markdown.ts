/** Numbers and tables as the page of results has them. */
export const fixed = (value: number): string => value.toFixed(3);

/** Few digits, without an exponent where it can be read without. */
export function digits(value: number, count = 2): string {
  const rounded = Number(value.toPrecision(count));
  return Math.abs(rounded) >= 1e-4 || rounded === 0 ? String(rounded) : rounded.toExponential(count - 1);
}

export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...lines.map(row)].join("\n");
}

/** The page with its tables as they are now. Each stands between `<!-- table NAME -->` and `<!-- end -->`. */
export function fillTables(page: string, tables: ReadonlyMap<string, string>): string {
  return page.replace(
    /(<!-- table (\S+) -->)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => {
      return `${open}\n${tables.get(name) ?? "No results yet."}\n${close}`;
    },
  );
}
