/** A run as a filter of MongoDB's sees it, without a database: what tests hold the SQL against. */
export interface MongoRun {
  readonly id: number;
  readonly fields: Readonly<Record<string, unknown>>;
  /** `{name: {value}}`; empty where no client spoke of the run. */
  readonly config: Readonly<Record<string, { value: unknown }>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly summary: Readonly<Record<string, unknown>>;
  /** Last values. */
  readonly metrics: Readonly<Record<string, number>>;
}

type Plain = Readonly<Record<string, unknown>>;

export function meets(run: MongoRun, filter: Plain): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    if (key === "$and") return (wanted as Plain[]).every((one) => meets(run, one));
    if (key === "$or") return (wanted as Plain[]).some((one) => meets(run, one));
    if (key === "$nor") return !(wanted as Plain[]).some((one) => meets(run, one));
    if (key === "$not") return !meets(run, wanted as Plain);
    return meetsField(lookUp(run, key), wanted);
  });
}

function meetsField(value: unknown, wanted: unknown): boolean {
  if (!isObject(wanted) || !Object.keys(wanted).some((op) => op.startsWith("$")))
    return equals(value, wanted);
  return Object.entries(wanted).every(([op, operand]) => {
    switch (op) {
      case "$eq":
        return equals(value, operand);
      case "$ne":
        return !equals(value, operand);
      case "$in":
        return (operand as unknown[]).some((one) => equals(value, one));
      case "$nin":
        return !(operand as unknown[]).some((one) => equals(value, one));
      case "$exists":
        return (Array.isArray(value) && value.length === 0 ? false : value !== undefined) === operand;
      case "$not":
        return !meetsField(value, operand);
      case "$regex":
        return [value]
          .flat()
          .some((one) => typeof one === "string" && new RegExp(operand as string, "u").test(one));
      default:
        return ordered(value, op, operand);
    }
  });
}

function ordered(value: unknown, op: string, operand: unknown): boolean {
  if (typeof value !== typeof operand || (typeof value !== "number" && typeof value !== "string"))
    return false;
  const way =
    typeof value === "string"
      ? Buffer.compare(Buffer.from(value), Buffer.from(operand as string))
      : value - (operand as number);
  if (op === "$gt") return way > 0;
  if (op === "$gte") return way >= 0;
  return op === "$lt" ? way < 0 : way <= 0;
}

function equals(value: unknown, wanted: unknown): boolean {
  if (wanted === null) return value === undefined || value === null;
  if (same(value, wanted)) return true;
  return Array.isArray(value) && value.some((one) => same(one, wanted));
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => same(one, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
  }
  return a === b;
}

/** What a key means; undefined where there is nothing. */
export function lookUp(run: MongoRun, key: string): unknown {
  const [first = "", ...path] = key.split(".");
  if (first === "config") return configOf(run, path);
  if (first === "summary_metrics") return summaryOf(run, path);
  return run.fields[key] ?? undefined;
}

function configOf({ config, params }: MongoRun, path: readonly string[]): unknown {
  const said = Object.keys(config).length > 0;
  const root = said
    ? Object.fromEntries(Object.entries(config).map(([name, wrapped]) => [name, wrapped.value]))
    : params;
  const bare = path.at(-1) === "value" && path.length > 1 ? path.slice(0, -1) : path;
  const whole = bare.join(".");
  if (Object.hasOwn(root, whole)) return root[whole];
  const [first = "", ...rest] = path;
  const inside = rest[0] === "value" ? rest.slice(1) : rest;
  const found = dig(root[first], inside);
  return found === undefined && inside.at(-1) === "value" ? dig(root[first], inside.slice(0, -1)) : found;
}

function summaryOf({ summary, metrics }: MongoRun, path: readonly string[]): unknown {
  const name = path.join(".");
  const said = Object.hasOwn(summary, name) ? summary[name] : dig(summary, path);
  if (isObject(said)) {
    const stat = ["best", "min", "max", "last", "mean", "first"].find((one) => said[one] !== undefined);
    return stat === undefined ? said : said[stat];
  }
  return said === undefined ? metrics[name] : said;
}

function dig(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inside, name) => (isObject(inside) && Object.hasOwn(inside, name) ? inside[name] : undefined),
    value,
  );
}

/** In the order of a key: numbers, texts, booleans, lists and objects, what is missing last in both directions; ties by id. */
export function ordering(key: string, descending: boolean): (a: MongoRun, b: MongoRun) => number {
  return (a, b) => {
    const [x, y] = [lookUp(a, key) ?? undefined, lookUp(b, key) ?? undefined];
    if (x === undefined || y === undefined)
      return Number(x === undefined) - Number(y === undefined) || a.id - b.id;
    const way = RANKS.indexOf(typeof x) - RANKS.indexOf(typeof y) || withinType(x, y);
    return (descending ? -way : way) || a.id - b.id;
  };
}
const RANKS = ["number", "string", "boolean", "object"];

function withinType(x: unknown, y: unknown): number {
  if (typeof x === "string") return Buffer.compare(Buffer.from(x), Buffer.from(y as string));
  return typeof x === "object" ? 0 : Number(x) - Number(y);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
