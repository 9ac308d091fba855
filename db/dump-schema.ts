import type { Sql, Tx } from "./client";

/**
 * The schema as text, read from the catalog, so that a review sees what a migration really does. (The packages
 * hold no pg_dump, and each version's would write another text.) The same on every PostgreSQL from 15 on:
 * `not null` became named constraints in 18, so it is read from the columns instead.
 */
export async function dumpSchema(sql: Sql | Tx): Promise<string> {
  const columns = await sql<Column[]>`
    select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as required, a.attidentity as identity, pg_get_expr(d.adbin, d.adrelid) as default,
      case when a.attstorage <> t.typstorage then a.attstorage end as storage
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where n.nspname = 'public' and c.relkind = 'r'
    order by c.relname collate "C", a.attnum`;
  const constraints = await sql<Part[]>`
    select c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as text
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and k.contype in ('p', 'u', 'f', 'c', 'x')
    order by c.relname collate "C", position(k.contype in 'puxcf'), k.conname collate "C"`;
  const indexes = await sql<Part[]>`
    select c.relname as table, i.relname as name, pg_get_indexdef(x.indexrelid) as text
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and not exists (select from pg_constraint k where k.conindid = x.indexrelid)
    order by c.relname collate "C", i.relname collate "C"`;
  const options = await sql<{ table: string; options: string[] }[]>`
    select c.relname as table, c.reloptions as options
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'r' and c.reloptions is not null`;
  const others = await sql<Part[]>`
    select '' as table, p.proname as name, pg_get_functiondef(p.oid) as text
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public'
    union all
    select c.relname, t.tgname, pg_get_triggerdef(t.oid)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and not t.tgisinternal
    union all
    select '', c.relname, 'CREATE VIEW ' || c.relname || ' AS' || pg_get_viewdef(c.oid)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('v', 'm')
    order by 1, 2`;

  const tables = [...new Set(columns.map(({ table }) => table))].map((table) => {
    const mine = <T extends { table: string }>(parts: readonly T[]): T[] =>
      parts.filter((part) => part.table === table);
    const lines = [
      ...mine(columns).map(columnLine),
      ...mine(constraints).map(({ name, text }) => `constraint ${name} ${text}`),
    ];
    const stored = mine(options)[0]?.options.join(", ");
    const after = mine(indexes).map(({ text }) => `${text};`);
    return [
      `create table ${table} (\n  ${lines.join(",\n  ")}\n)${stored ? ` with (${stored})` : ""};`,
      ...after,
    ].join("\n");
  });
  return `${[...tables, ...others.map(({ text }) => `${text.trim().replace(/;$/, "")};`)].join("\n\n")}\n`;
}

interface Column {
  table: string;
  name: string;
  type: string;
  required: boolean;
  identity: "" | "a" | "d";
  default: string | null;
  /** When it is not what the type has: plain, external, main, extended. */
  storage: "p" | "e" | "m" | "x" | null;
}

interface Part {
  table: string;
  name: string;
  text: string;
}

const STORAGE = { p: "plain", e: "external", m: "main", x: "extended" } as const;

function columnLine({ name, type, required, identity, default: value, storage }: Column): string {
  const words = [name, type];
  if (storage) words.push(`storage ${STORAGE[storage]}`);
  if (required) words.push("not null");
  if (identity) words.push(`generated ${identity === "a" ? "always" : "by default"} as identity`);
  if (value !== null) words.push(`default ${value}`);
  return words.join(" ");
}
