import { createHash } from "node:crypto";
import { buildSchema, execute, GraphQLError, parse } from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import { readSummaries } from "@/db/queries/summaries";
import { systemAccess } from "@/engine/authorize";
import { Allowance } from "@/graphql/allowance";
import { boundAnswers } from "@/graphql/bounds";
import { Documents } from "@/graphql/documents";
import { maskError } from "@/graphql/errors";
import { measureDocument } from "@/graphql/limits";
import * as operations from "@/graphql/operations";
import * as pages from "@/graphql/operations/pages";
import { schema } from "@/graphql/schema";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { createSweep, gridOf, withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const problemsOf = (query: string) => measureDocument(schema, parse(query)).map(({ message }) => message);
const stop = (i: number) => `a${i}: stopRun(input: {runId: "${i + 1}"}) { runId }`;
const many = (count: number, of: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => of(i)).join(" ");

describe("what a document may ask", () => {
  test("counts root fields and aliases in fragments, named and inline", () => {
    const fields = many(64, stop);
    expect(problemsOf(`mutation { ...F } fragment F on Mutation { ${fields} }`)).toEqual([
      expect.stringContaining("64 root fields"),
    ]);
    expect(problemsOf(`mutation { ... on Mutation { ${fields} } }`)).toEqual([
      expect.stringContaining("64 root fields"),
    ]);
    expect(problemsOf(`mutation { ... { ... { ${many(17, stop)} } } }`)).toEqual([
      expect.stringContaining("17 root fields"),
    ]);
    // Said once, answered twice.
    const half = `fragment F on User { ${many(40, (i) => `a${i}: name`)} }`;
    expect(problemsOf(`{ viewer { ...F } } ${half}`)).toEqual([]);
    expect(problemsOf(`{ viewer { ...F } b: viewer { ...F } } ${half}`)).toEqual([
      expect.stringContaining("81 aliases"),
    ]);
    expect(problemsOf(`mutation { ${many(16, stop)} }`)).toEqual([]);
  });

  test("measures what stands in a fragment by the fragment's own type", () => {
    const inner = "projects(first: 1000) { nodes { sweeps(first: 1000) { nodes { id } } } }";
    for (const query of [
      `{ ${inner} }`,
      `{ ... on Query { ${inner} } }`,
      `{ ...F } fragment F on Query { ${inner} }`,
      `{ ${inner.replaceAll("first", "last")} }`,
    ])
      expect(problemsOf(query)).toEqual([expect.stringContaining("fields")]);
  });

  test("counts a list that takes `first` as long as it was asked for, and at its longest where nothing was said", () => {
    const sweeps = (first: number, field: string) =>
      problemsOf(`query($n: Int) { project(name: "p") { sweeps(first: ${first}) { nodes { ${field} } } } }`);
    for (const list of ["priorRuns", "members"]) {
      const inner = (args: string) =>
        list === "members" ? `front { members${args} { run { id } } }` : `${list}${args} { id }`;
      expect(sweeps(1_000, inner("(first: 10)"))).toEqual([]);
      expect(sweeps(50, inner(""))).toEqual([]);
      for (const args of ["", "(first: $n)", "(first: 1000)"])
        expect(sweeps(1_000, inner(args))).toEqual([expect.stringContaining("shorter pages")]);
    }
  });

  test("weighs output and histories: few of a list's runs can bring theirs", () => {
    const runs = (first: number, field: string) =>
      problemsOf(`{ sweep(id: "aaaaaaaa") { runs(first: ${first}) { nodes { ${field} } } } }`);
    const output = "output(first: 1) { nodes { text } }";
    const history = 'history(keys: ["loss"], samples: 10) { series { points { values } } }';
    expect([runs(50, output), runs(1_000, history)]).toEqual([[], []]);
    expect(runs(1_000, output)).toEqual([expect.stringContaining("shorter pages")]);
  });
});

describe("documents that are kept", () => {
  const read = (documents: Documents, text: string) =>
    expect(documents.read(text)).toMatchObject({ kind: "Document" });

  test("are the short ones, and two million characters of them", () => {
    const documents = new Documents(schema);
    read(documents, `{ viewer { name } } # ${"x".repeat(60_000)}`);
    expect(documents.length).toBe(0);
    for (let i = 0; i < 300; i++) read(documents, `{ viewer { name } } # ${i} ${"x".repeat(8_000)}`);
    expect(documents.length).toBeGreaterThan(2_000_000);
    expect(documents.length).toBeLessThanOrEqual(2 * 1024 * 1024);
    const newest = `{ viewer { name } } # 299 ${"x".repeat(8_000)}`;
    expect(documents.find(createHash("sha256").update(newest).digest("hex"))).toBe(documents.read(newest));
    const oldest = createHash("sha256").update(newest.replace("299", "0")).digest("hex");
    expect(documents.find(oldest)).toBeUndefined();
  });

  test("include all of ours", () => {
    const texts = Object.values({ ...operations, ...pages }).flatMap((value) =>
      typeof value === "object" && "kind" in value ? [operations.textOf(value as never)] : [],
    );
    const documents = new Documents(schema);
    for (const text of texts) documents.read(text);
    expect(documents.length).toBe(texts.join("").length);
  });
});

describe("refusals", () => {
  test("repeat little of what was sent", async () => {
    const query = "query($n: Int) { projects(first: $n) { totalCount } }";
    const { status, errors } = await send(server, query, { n: "y".repeat(5_000_000) });
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, "BAD_INPUT"]);
    expect(errors?.[0]?.message).toMatch(/^Variable "\$n" got invalid value "yyy/);
    expect(JSON.stringify(errors).length).toBeLessThan(1_500);
  });

  test("name the first twenty mistakes of a document, then say that there are more", async () => {
    const { errors } = await send(server, `{ viewer { ${many(300, (i) => `x${i}`)} } }`);
    expect(errors?.map(({ message }) => message)).toEqual([
      ...Array.from({ length: 20 }, (_, i) => `Cannot query field "x${i}" on type "User".`),
      expect.stringContaining("Too many validation errors"),
    ]);
  });
});

describe("what an answer may hold", () => {
  test("a page of output ends at a mebibyte, and pages lead through all of it both ways", async () => {
    const { claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    await server.db.sql`
      insert into output_chunks (run_id, attempt, batch, piece, stream, at, text)
      select ${runId}::bigint, 1, b, p, 'stdout', now(), b || '/' || p || repeat(chr(233), 20000)
      from generate_series(1, 3) b, generate_series(0, 19) p`;
    const page = async (args: string) => {
      const { run } = await ask<{
        run: {
          output: {
            nodes: { text: string }[];
            pageInfo: {
              hasNextPage: boolean;
              hasPreviousPage: boolean;
              startCursor: string;
              endCursor: string;
            };
          };
        };
      }>(
        server,
        `{ run(id: "${runId}") { output(${args}) { nodes { text } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
      );
      const texts = run.output.nodes.map(({ text }) => text);
      expect(Buffer.byteLength(texts.join(""))).toBeLessThanOrEqual(1024 * 1024);
      return { names: texts.map((text) => text.replace(/é+$/, "")), ...run.output.pageInfo };
    };
    const all = Array.from({ length: 60 }, (_, i) => `${Math.floor(i / 20) + 1}/${i % 20}`);

    const forward: string[] = [];
    for (let args = "first: 1000", more = true; more; ) {
      const { names, hasNextPage, endCursor } = await page(args);
      forward.push(...names);
      [args, more] = [`first: 1000, after: "${endCursor}"`, hasNextPage];
    }
    expect(forward).toEqual(all);

    const backward: string[] = [];
    for (let args = "last: 1000", more = true; more; ) {
      const { names, hasPreviousPage, startCursor } = await page(args);
      backward.unshift(...names);
      [args, more] = [`last: 1000, before: "${startCursor}"`, hasPreviousPage];
    }
    expect(backward).toEqual(all);
    expect(await page("first: 2")).toMatchObject({ names: ["1/0", "1/1"], hasNextPage: true });
    expect(await page("last: 2")).toMatchObject({ names: ["3/18", "3/19"], hasPreviousPage: true });
  });

  test("names of one text count each: an answer beyond its allowance is refused", async () => {
    const { sweepId, claims } = await withRuns(server, 2);
    await server.db.sql`
      insert into output_chunks (run_id, attempt, batch, piece, stream, at, text)
      select r::bigint, 1, 1, p, 'stdout', now(), repeat('x', 65536)
      from unnest(${claims.map(({ runId }) => runId)}::text[]) r, generate_series(0, 15) p`;
    const { errors } = await send(
      server,
      `{ sweep(id: "${sweepId}") { runs { nodes { output(first: 16) { nodes { ${many(60, (i) => `t${i}: text`)} } } } } } }`,
    );
    expect(errors?.[0]?.message).toContain("bytes of history, output and other text");
    expect(errors?.[0]?.extensions.code).toBe("QUERY_TOO_LARGE");
  });

  test("so does a long sweep file, as text and as a value", async () => {
    const values = [0, 1].map((i) => `${i}${"x".repeat(900_000)}`);
    const json = { method: "grid", program: "none", parameters: { text: { values } } };
    const { createSweep } = await ask<{ createSweep: { sweep: { id: string } } }>(
      server,
      "mutation($input: CreateSweepInput!) { createSweep(input: $input) { sweep { id } } }",
      { input: { json } },
    );
    for (const field of ["source", "config"]) {
      const { status, errors } = await send(
        server,
        `{ sweep(id: "${createSweep.sweep.id}") { ${many(60, (i) => `t${i}: ${field}`)} } }`,
      );
      expect(status).toBe(200);
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["QUERY_TOO_LARGE"]);
    }
  });

  test("a page of rows with long parameters is not read whole; a shorter one is", async () => {
    const { sweepId } = await withRuns(server, 130);
    await server.db.sql`
      update runs set params = jsonb_build_object('text', repeat('x', 1000000)) where sweep_id = ${sweepId}`;
    const page = (fields: string, first: number) =>
      send(server, `{ sweep(id: "${sweepId}") { runs(first: ${first}) { nodes { ${fields} } } } }`);
    expect((await page("id", 130)).errors).toBeUndefined();
    expect((await page('parameter(name: "none")', 90)).errors).toBeUndefined();
    for (const fields of ["params", "parameters", 'parameter(name: "none")']) {
      const { status, errors = [] } = await page(fields, 130);
      expect(status).toBe(200);
      expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(["QUERY_TOO_LARGE"]));
    }
  }, 90_000);

  test("nor are all files of a page of sweeps", async () => {
    const sweepIds = await Promise.all(
      Array.from({ length: 6 }, () => createSweep(server, gridOf(1), "files")),
    );
    await server.db.sql`
      update sweep_generations set source = repeat('x', 20000000) where sweep_id = any(${sweepIds})`;
    const page = (fields: string, first: number) =>
      send(server, `{ project(name: "files") { sweeps(first: ${first}) { nodes { ${fields} } } } }`);
    expect((await page("id", 6)).errors).toBeUndefined();
    expect((await page("program", 4)).errors).toBeUndefined();
    expect((await page("program", 6)).errors?.[0]?.extensions.code).toBe("QUERY_TOO_LARGE");
  }, 90_000);

  /** A run with many metrics, of which no page can be asked for. */
  const withMetrics = async (count: number, lastOther: string | null = null) => {
    const { sweepId, claims } = await withRuns(server, 1);
    const runId = Number(claims[0]?.runId);
    await server.db.sql`
      with named as (
        insert into metrics (project_id, name)
        select project_id, ${`of ${runId}/`} || n from runs, generate_series(1, ${count}::int) n where id = ${runId}
        returning id)
      insert into metric_summaries (run_id, attempt, metric_id, count, last, last_other)
      select ${runId}, 1, id, 1, 0.5, repeat(${lastOther}, 100000001) from named`;
    const ask = (fields: string) =>
      send<{ sweep: { runs: { nodes: { summary: object[] }[] } } }>(
        server,
        `{ sweep(id: "${sweepId}") { runs { nodes { summary { ${fields} } } } } }`,
      );
    return { runId, ask };
  };

  test("fields are counted as a list turns out to be, before any is made", async () => {
    const { ask } = await withMetrics(20_000);
    expect((await ask("name last")).data?.sweep.runs.nodes[0]?.summary).toHaveLength(20_000);
    const wide = many(50, (i) => `l${i}: last`);
    for (const fields of [wide, `... { ${wide} }`, `... on MetricSummary { name ... { ${wide} } }`]) {
      const { errors = [] } = await ask(fields);
      expect(errors.map(({ extensions, message }) => [extensions.code, message])).toEqual([
        ["QUERY_TOO_LARGE", expect.stringContaining("more than 1000000 fields")],
      ]);
    }
  }, 90_000);

  test("each piece of an update has the whole bound, and one answer has it once", async () => {
    const bounded = boundAnswers(buildSchema("type Query { rows: [Int!]! }"));
    const contextValue = { loaders: {} };
    const document = parse("{ rows more: rows }");
    const rowsOf = (length: number) => ({ rows: new Array<number>(length).fill(0) });
    const run = async (rootValue: object) =>
      (await execute({ schema: bounded, document, rootValue, contextValue })).errors?.[0]?.message;
    expect(await run(rowsOf(400_000))).toBeUndefined();
    expect(await run(rowsOf(400_000))).toBeUndefined();
    expect(await run(rowsOf(600_000))).toContain("more than 1000000 fields");
  });

  test("of metrics in numbers as many are read as a server can hold, and their last texts up to 100 MB", async () => {
    const { runId } = await withMetrics(11);
    const read = (max: number) => readSummaries(server.db, systemAccess(), [runId], { max });
    expect((await read(11)).get(runId)).toHaveLength(11);
    await expect(read(10)).rejects.toMatchObject({ code: "QUERY_TOO_LARGE", details: { max: 10 } });

    const { ask } = await withMetrics(1, "x");
    expect((await ask("name last")).errors).toBeUndefined();
    expect((await ask("lastOther")).errors?.[0]?.extensions.code).toBe("QUERY_TOO_LARGE");
  }, 90_000);

  test("of rows that fail each by itself the first hundred are told, and the others are null", async () => {
    const { sweepId } = await withRuns(server, 20);
    const tooDeep = "a.".repeat(30);
    const { data, errors } = await send<{ sweep: { runs: { nodes: object[] } } }>(
      server,
      `{ sweep(id: "${sweepId}") { runs { nodes { id ${many(20, (i) => `p${i}: parameter(name: "${tooDeep}")`)} } } } }`,
    );
    expect(errors).toHaveLength(100);
    expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(["BAD_INPUT"]));
    expect(data?.sweep.runs.nodes).toHaveLength(20);
  });

  test("what one failed statement takes along is logged once, under one id", () => {
    const originalError = new Error("the connection is lost");
    const logged: object[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => logged.push(fields) };
    const told = [0, 1].map((row) =>
      maskError(new GraphQLError("lost", { originalError, path: ["runs", row, "agent"] }), log),
    );
    expect(told[0]?.extensions?.code).toBe("INTERNAL");
    expect(told[1]?.message).toBe(told[0]?.message);
    expect(told[1]?.path).toEqual(["runs", 1, "agent"]);
    expect(logged).toHaveLength(1);
  });

  test("large readings come one after another, and none begins after the allowance is spent", async () => {
    const allowance = new Allowance(100);
    let running = 0;
    let begun = 0;
    const read = () =>
      allowance.read(
        async () => {
          begun++;
          expect(++running).toBe(1);
          await new Promise(setImmediate);
          running--;
          return 60;
        },
        (bytes) => bytes,
      );
    const results = await Promise.allSettled([read(), read(), read(), read()]);
    expect([results.map(({ status }) => status), begun]).toEqual([
      ["fulfilled", "rejected", "rejected", "rejected"],
      2,
    ]);
  });
});
