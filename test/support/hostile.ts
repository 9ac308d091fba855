import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";

/** One request body as an enemy, or a broken program, would send it. */
export interface Hostile {
  readonly kind: string;
  readonly body: Buffer;
}

/** Things that exist, so that some documents get far. */
export interface Known {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** Verbs that would take the test's own key or user away. */
const LEFT_ALONE = /^(revokeApiKey|endSession|endOtherSessions|setUser|changePassword|updateProfile)$/;

/** Bodies without end, the same for the same seed. */
export function* hostileBodies(schema: GraphQLSchema, known: Known, seed: number): Generator<Hostile> {
  const random = mulberry32(seed);
  const whole = (below: number) => Math.floor(random() * below);
  const pick = <T>(list: readonly T[]): T => list[whole(list.length)] as T;
  const many = (count: number, of: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => of(i)).join(" ");

  const STRINGS = [
    "",
    " ",
    "\0",
    "\u0000\uFFFF",
    "\uD800",
    "é\u0301\u202E\u{1F9F9}",
    "__proto__",
    "constructor",
    "toString",
    "../../etc/passwd",
    "'; drop table runs; --",
    "%s%n",
    "x".repeat(10_000),
    "NaN",
    "1e999",
    "0x10",
    "null",
    "2024-13-45T99:99:99Z",
    "+275760-09-13T00:00:00Z",
    "a/b/c/d/e",
    "\\",
    '"',
    "$" + "{process.env}",
    "{{7*7}}",
  ];
  const NUMBERS = [
    "0",
    "-1",
    "1",
    "1.5",
    "1e400",
    "-1e400",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9007199254740993",
    "99999999999999999999999999999999999999",
    "1e-400",
    "0.1e-1",
  ];
  const text = (): string => (random() < 0.3 ? pick([...known.ids, ...known.names]) : pick(STRINGS));
  const quote = (value: string): string => JSON.stringify(value).replace(/\\u[dD][89abAB].{2}/g, "?");

  /** A literal that may be of the type, or of another. */
  const literal = (type: GraphQLInputType, depth: number): string => {
    if (random() < 0.08)
      return pick(["null", "[]", "{}", "true", "RUN", "$missing", '""', "[[[]]]", ...NUMBERS]);
    if (isNonNullType(type)) return literal(type.ofType, depth);
    if (isListType(type))
      return `[${many(whole(depth > 3 ? 1 : 4), () => `${literal(type.ofType, depth + 1)},`)}]`;
    if (isEnumType(type)) return pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => isNonNullType(field.type) || random() < (depth > 4 ? 0.1 : 0.5),
      );
      return `{${fields.map((field) => `${field.name}: ${literal(field.type, depth + 1)}`).join(", ")}}`;
    }
    switch (getNamedType(type).name) {
      case "Int":
      case "Float":
        return pick(NUMBERS);
      case "Boolean":
        return pick(["true", "false"]);
      case "ID":
        return random() < 0.7 ? quote(text()) : pick(NUMBERS);
      case "JSON":
        return pick(['{a: {b: [1, "x", null]}}', "[]", "1", '"x"', "{__proto__: 1}"]);
      default:
        return quote(text());
    }
  };

  const field = (of: GraphQLField<unknown, unknown>, depth: number): string => {
    const args = of.args.filter(({ type }) => isNonNullType(type) || random() < 0.4);
    const written = args.map((arg) => `${arg.name}: ${literal(arg.type, 0)}`).join(", ");
    const type = getNamedType(of.type);
    const alias = random() < 0.15 ? `${pick(["a", "b", "__x", "name"])}${whole(9)}: ` : "";
    const directive =
      random() < 0.05 ? pick([" @skip(if: true)", " @include(if: $v)", " @nothing", " @deprecated"]) : "";
    const inner = isLeafType(type)
      ? ""
      : isObjectType(type)
        ? ` ${selection(type.name, depth + 1)}`
        : " { __typename }";
    return `${alias}${of.name}${written && `(${written})`}${directive}${inner}`;
  };
  const selection = (typeName: string, depth: number): string => {
    const type = schema.getType(typeName);
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    const leaves = fields.filter(({ type: of }) => isLeafType(getNamedType(of)));
    const from = depth > 5 && leaves.length > 0 ? leaves : fields;
    return `{ __typename ${many(1 + whole(4), () => field(pick(from), depth))} }`;
  };
  const operation = (): string => {
    const root = pick(["Query", "Query", "Mutation"] as const);
    const type = root === "Query" ? schema.getQueryType() : schema.getMutationType();
    const fields = Object.values(type?.getFields() ?? {}).filter(({ name }) => !LEFT_ALONE.test(name));
    return `${root.toLowerCase()} { ${many(1 + whole(3), () => field(pick(fields), 0))} }`;
  };
  const json = (query: unknown, rest: object = {}) => Buffer.from(JSON.stringify({ query, ...rest }));

  const KINDS: Record<string, () => Buffer> = {
    "a document of the schema's words": () => json(operation()),
    "variables of any type": () =>
      json(
        "query($a: Int, $b: ID, $c: [String!], $d: RunFilter) { projects(first: $a) { totalCount } run(id: $b) { id } }",
        {
          variables: {
            a: pick([1, "1", 1e300, null, [], {}]),
            b: pick([1, text(), [[]]]),
            c: text(),
            d: { and: [{ not: text() }] },
          },
        },
      ),
    "an input as a variable": () => {
      const verbs = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(
        ({ name }) => !LEFT_ALONE.test(name),
      );
      const verb = pick(verbs);
      const input = verb.args[0];
      const fields = input ? getNamedType(input.type) : undefined;
      const names = isInputObjectType(fields) ? Object.keys(fields.getFields()) : [];
      const value = () =>
        pick<unknown>([text(), 1, -1, 1e21, null, [text()], { a: text() }, true, [[[[]]]], "9".repeat(400)]);
      return json(
        `mutation($input: ${fields?.name}!) { ${verb.name}(input: $input) { error { code message details } } }`,
        {
          variables: {
            input: Object.fromEntries(names.filter(() => random() < 0.7).map((name) => [name, value()])),
          },
        },
      );
    },
    "a flood of aliases": () => json(`{ viewer { ${many(50 + whole(1_500), (i) => `a${i}: name`)} } }`),
    "a flood of one field": () => json(`{ viewer { ${many(100 + whole(4_500), () => "name")} } }`),
    "a flood of __typename": () => json(`{ ${many(100 + whole(4_500), () => "__typename")} }`),
    "a flood of directives": () =>
      json(
        `{ viewer { name ${many(whole(900), () => pick(["@skip(if: false)", "@x", "@include(if: true)"]))} } }`,
      ),
    "fragments that double": () => {
      const depth = 5 + whole(60);
      return json(
        `{ viewer { ...F0 } } ${many(depth, (i) => `fragment F${i} on User { ${i + 1 < depth ? `...F${i + 1} ...F${i + 1}` : "name"} }`)}`,
      );
    },
    "fragments in a circle": () => {
      const length = 1 + whole(30);
      return json(
        `{ viewer { ...F0 } } ${many(length, (i) => `fragment F${i} on User { name ...F${(i + 1) % length} }`)}`,
      );
    },
    "fields that conflict in fragments": () => {
      const count = whole(250);
      return json(
        `{ ${many(count, (i) => `...F${i}`)} } ${many(count, (i) => `fragment F${i} on Query { x: viewer { y: name } x: serverInfo { y: version } }`)}`,
      );
    },
    "a deep document": () => {
      const depth = 3 + whole(600);
      return json(`{ sweep(id: "x") ${"{ bestRun { sweep ".repeat(depth)}{ id }${" } }".repeat(depth)} }`);
    },
    "deep lists in a literal": () =>
      json(`{ sweep(id: ${"[".repeat(1 + whole(1_900))}${"]".repeat(1_000)}) { id } }`),
    "deep introspection": () => {
      const depth = 1 + whole(14);
      return json(
        `{ __schema { types { ${"fields { type { ".repeat(depth)} name ${"} }".repeat(depth)} } } }`,
      );
    },
    "deep variables": () => {
      const depth = whole(400);
      return Buffer.from(
        `{"query":"query($f: RunFilter) { __typename }","variables":{"f":${'{"not":'.repeat(depth)}{}${"}".repeat(depth)}}}`,
      );
    },
    "long variables": () =>
      json("query($a: String) { __typename }", { variables: { a: "y".repeat(whole(2_000_000)) } }),
    "many variables": () => json(`query(${many(whole(900), (i) => `$v${i}: Int`)}) { __typename }`),
    "several operations": () =>
      json(`${many(whole(60), (i) => `query Q${i} { __typename }`)}`, {
        operationName: pick([undefined, "Q0", "Q99", "", 7, null]),
      }),
    "a subscription": () => json('subscription { sweepChanged(sweepId: "x") { id } }'),
    "an unknown hash": () =>
      Buffer.from(
        JSON.stringify({ documentId: pick(["sha256:", "sha256:00", "__proto__", "constructor", 7, null]) }),
      ),
    "what is no document": () =>
      json(
        pick<unknown>([
          1,
          null,
          true,
          [],
          {},
          "",
          "{",
          "}",
          "query",
          "\uFEFF{ __typename }",
          "{ __typename",
          'query { a(b: """',
          "#",
        ]),
      ),
    "JSON that is no object": () =>
      Buffer.from(
        pick(["[]", "null", "1", '"x"', "[[]]", "true", "[{}]", '[{"query":"{ __typename }"}]', ""]),
      ),
    "a document cut off": () => {
      const whole_ = json(operation());
      return whole_.subarray(0, whole(whole_.length));
    },
    "a document with flipped bytes": () => {
      const bytes = Buffer.from(json(operation()));
      for (let i = 0; i < 1 + whole(8); i++) bytes[whole(bytes.length)] = whole(256);
      return bytes;
    },
    "random bytes": () => Buffer.from(Array.from({ length: whole(500) }, () => whole(256))),
    "UTF-8 that is none": () =>
      Buffer.concat([
        Buffer.from('{"query":"{ viewer { name } } # '),
        Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80]),
        Buffer.from('"}'),
      ]),
    "words of no grammar": () =>
      json(
        many(whole(300), () =>
          pick([
            "{",
            "}",
            "(",
            ")",
            "...",
            "on",
            "fragment",
            "query",
            "$a",
            "@a",
            "!",
            ":",
            "name",
            '"',
            '"""',
            "[",
            "]",
            "1",
            "é",
          ]),
        ),
      ),
  };
  const names = Object.keys(KINDS);
  for (let i = 0; ; i++) {
    // The first is by far the widest, so it gets half of all.
    const kind = i % 2 === 0 ? names[0] : pick(names);
    yield { kind: kind ?? "", body: KINDS[kind ?? ""]?.() ?? Buffer.alloc(0) };
  }
}

/** Numbers from 0 to 1, the same for the same seed. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
