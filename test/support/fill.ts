import { archivedTables, ourTables } from "@/db/archive/catalog";
import type { Database, Tx } from "@/db/client";

/** Text that every escaping has to survive. */
export const NASTY = "tab\t line\n return\r back\\slash \\N \\. quote'\" ünïcode 漢字 🧹 \u2028 null? {}";

/**
 * Puts `rows` rows into every table of the schema, by the catalog: references point at rows that are there,
 * and each type shows its corners. It knows no table by name, so a new one is filled too.
 */
export async function fillTables(db: Database, rows: number, only = ourTables()): Promise<void> {
  await db.sql.begin(async (tx) => {
    for (const { name, identities } of await archivedTables(tx, only)) {
      const columns = await columnsOf(tx, name);
      for (let row = 0; row < rows; row++) {
        const values = columns.map((column) => literalOf(column, row));
        await tx.unsafe(
          `insert into ${name} (${columns.map(({ name }) => `"${name}"`).join(", ")}) overriding system value values (${values.join(", ")})`,
        );
      }
      for (const column of identities) {
        await tx`select setval(pg_get_serial_sequence(${name}, ${column}), ${rows})`;
      }
    }
  });
}

interface Column {
  name: string;
  type: string;
  required: boolean;
  /** `table.column` that it refers to. */
  target: { table: string; column: string } | null;
}

const columnsOf = (tx: Tx, table: string): Promise<Column[]> =>
  tx<Column[]>`
    select a.attname as name, format_type(a.atttypid, null) as type, a.attnotnull as required,
      (select json_build_object('table', k.confrelid::regclass::text, 'column', f.attname)
        from pg_constraint k join pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
        where k.conrelid = a.attrelid and k.contype = 'f' and k.conkey = array[a.attnum]) as target
    from pg_attribute a
    where a.attrelid = ${table}::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and format_type(a.atttypid, null) <> 'xid8'
    order by a.attnum`;

function literalOf({ name, type, required, target }: Column, row: number): string {
  if (!required && row % 3 === 2) return "null";
  if (target) return `(select ${target.column} from ${target.table} order by 1 offset ${row} limit 1)`;
  switch (type) {
    case "integer":
    case "bigint":
      return String(row + 1);
    case "bigint[]":
      return ["'{}'", "'{1}'", `'{${2n ** 62n},-1}'`][row % 3] ?? "'{}'";
    case "numeric":
      return `${10n ** 60n + BigInt(row)}`;
    case "double precision":
      return (
        ["'NaN'", "'-Infinity'", "0.1::float8 + 0.2", "'-0'", "5e-324", "1.7976931348623157e308"][row % 6] ??
        "0"
      );
    case "boolean":
      return row % 2 === 0 ? "true" : "false";
    case "timestamp with time zone":
      return row % 4 === 3 ? "'infinity'" : `timestamptz '2026-03-01T12:34:56.789Z' + interval '${row} days'`;
    case "bytea":
      return `'\\x00ff0a0d5c${row.toString(16).padStart(8, "0")}'`;
    case "jsonb":
      return `'{"lr": 1.0, "big": 1e22, "row": ${row}, "text": "a\\\\n\\t\\u00e9"}'`;
    case "text":
      return `E'${`${NASTY} ${name} ${row}`.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
    default:
      throw new Error(`fillTables has no value of type ${type}: add one`);
  }
}

/** Every archived row of every table as text, sorted: equal means that nothing was lost or changed. */
export async function contentOf(db: Database): Promise<Map<string, string[]>> {
  const content = new Map<string, string[]>();
  await db.sql.begin(async (tx) => {
    await tx.unsafe("set local timezone = 'UTC'");
    for (const { name, columns } of await archivedTables(tx, ourTables())) {
      const rows = await tx.unsafe<{ row: string }[]>(
        `select row(${columns.map((column) => `"${column}"`).join(", ")})::text as row from ${name} order by 1`,
      );
      content.set(name, rows.map(({ row }) => row).sort());
    }
  });
  return content;
}
