import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findRuns } from "@/agent/import/find-runs";
import { importRun } from "@/agent/import/import-run";
import { openWandbDoor } from "@/agent/import/wandb-door";
import { main } from "@/agent/main";
import { openClient } from "@/client/client";
import { scanRows } from "@/db/queries/read-rows";
import { systemAccess } from "@/engine/authorize";
import { reapAttempts } from "@/engine/reap-attempts";
import { sharedServer, type TestServer } from "../support/server";
import { encode, encodeLog, type RunFields } from "../support/wandb-file";
import { DOCUMENTS, stream, wired } from "../support/wire";

const started = sharedServer();
let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "besom-import-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** A command as it is typed in `cwd`. */
async function besom(
  words: readonly string[],
  more: Record<string, string> = {},
): Promise<{ code: number; out: string[]; err: string }> {
  const { url, key } = started();
  const nowhere = join(tmpdir(), "besom-nowhere");
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(words, {
    env: { XDG_CONFIG_HOME: nowhere, BESOM_DATA_DIR: nowhere, BESOM_URL: url, BESOM_API_KEY: key, ...more },
    cwd,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    color: false,
  });
  return { code, out, err: err.join("\n") };
}

const typed = (...words: string[]) => besom(["import", "wandb", ...words]);

function put(path: string, content: string | Uint8Array): string {
  const whole = join(cwd, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

const BEGAN = Date.parse("2024-03-01T10:00:00.500Z");
const STEPS = 300;
const lossAt = (step: number): string =>
  ["NaN", "Infinity", "-Infinity", String(1 / step)][Math.min(step, 3)] ?? "";

/** What a client logs: 300 steps of every second number, two lines of output, a sample of the machine. */
function logOf(
  run: RunFields,
  { code = 0, steps = STEPS }: { code?: number | undefined; steps?: number } = {},
): Buffer {
  return encodeLog([
    encode.header(),
    encode.run({ startedMs: BEGAN, host: "node7", ...run }),
    encode.stats(BEGAN + 5_000, { cpu: "12.5", "gpu.0.gpu": "90", "disk.in": "1" }),
    encode.output(BEGAN + 6_000, "hello\nwor"),
    encode.output(BEGAN + 7_000, "trouble\n", "stderr"),
    encode.output(BEGAN + 8_000, "ld"),
    ...Array.from({ length: steps }, (_, i) =>
      encode.history(2 * i, {
        loss: lossAt(i),
        "d.x": String(i),
        ...(i === 7 && { note: '"sieben"', late: "7.0" }),
        _timestamp: String((BEGAN + 10_000 + i * 1_000) / 1_000),
        _runtime: String(10 + i),
      }),
    ),
    encode.config({ "optimizer.lr": "0.01", gone: "1" }),
    encode.config({}, ["gone"]),
    encode.summary({ loss: '{"min": 0.25}', best: "0.25" }),
    encode.exit(code),
  ]);
}

/** A run as the API and the database have it, and its history row by row. */
async function read(project: string, name: string) {
  const { db } = started();
  const [run] = await db.sql`
    select r.id, r.name, r.display_name, r.state, r.state_reason, r.state_detail, r.exit_code, r.attempt, r.params::text as params,
      r.started_at, r.finished_at, k.summary, k.group_name, k.job_type, k.host, n.text as notes,
      array(select tag from run_tags t where t.run_id = r.id order by tag) as tags,
      (select string_agg(c.stream || ' ' || c.text, '|' order by c.batch, c.piece) from output_chunks c where c.run_id = r.id) as output,
      (select json_agg(s.values) from system_samples s where s.run_id = r.id) as system,
      (select json_agg(f.name) from run_files f where f.run_id = r.id and f.leaves_at is null) as files
    from runs r join projects p on p.id = r.project_id left join run_records k on k.run_id = r.id left join run_notes n on n.run_id = r.id
    where p.name = ${project} and r.name = ${name}`;
  const rows: Record<string, unknown>[] = [];
  if (run !== undefined)
    await scanRows(db, systemAccess(), { runId: Number(run.id) }, ({ step, time, cells }) => {
      rows.push({ _step: step, _time: time, ...Object.fromEntries(cells()) });
    });
  return { run, rows };
}

/** What `logOf` logs, as it is read back. */
const expectedRows = (steps = STEPS) =>
  Array.from({ length: steps }, (_, i) => ({
    _step: 2 * i,
    _time: BEGAN + 10_000 + i * 1_000,
    loss: Number(lossAt(i)),
    "d.x": i,
    ...(i === 7 && { note: { json: '"sieben"' }, late: 7 }),
  }));

/** Every row of the database that an import may touch; a background merges tails. */
async function everything({ db }: TestServer) {
  const tables = [
    "runs",
    "attempts",
    "run_records",
    "run_tags",
    "run_notes",
    "output_chunks",
    "system_samples",
    "metric_summaries",
  ];
  const found: Record<string, unknown> = {};
  for (const table of tables)
    found[table] =
      await db.sql`select to_jsonb(t) - 'tails' - 'tail_steps' as row from ${db.sql(table)} t order by t::text`;
  return found;
}

test("a client's folder comes in whole: names, config, every step with NaN and infinities, output, machine, times, end", async () => {
  const fields = {
    ...{ id: "abc12345", project: "whole", group: "g", jobType: "train", displayName: "brisk-sun-1" },
  };
  const path = "whole/wandb/offline-run-20240301_100000-abc12345/run-abc12345.wandb";
  put(
    path,
    logOf(
      {
        ...fields,
        notes: "first try",
        tags: ["a", "b"],
        sweepId: "s1w2e3p4",
        config: { lr: "1.0", layers: "3" },
      },
      { code: 3 },
    ),
  );
  symlinkSync(join(cwd, dirname(path)), join(cwd, "whole/wandb/latest-run"));
  const files = join(dirname(path), "files");
  put(join(files, "media/images/loss_0.png"), "a picture");
  put(join(files, "empty.txt"), "");
  put(join(files, "back\\slash"), "no name here");
  symlinkSync(put("elsewhere/model.bin", "weights"), join(cwd, files, "model.bin"));
  symlinkSync(join(cwd, "elsewhere/gone.bin"), join(cwd, files, "gone.bin"));
  const { code, out, err } = await typed("whole");
  expect({ code, out, err }).toEqual({
    code: 0,
    out: [expect.stringMatching(/^\[1\/1\] \S+\/whole\/abc12345 imported: 300 lines of history, failed$/)],
    err: expect.stringMatching(
      /^besom: warning: \S+back\\slash is left out: no file of a run can be called so\n1 moved in$/,
    ),
  });
  const { run, rows } = await read("whole", "abc12345");
  const kept = await started().db
    .sql`select name, bytes::int from run_files where run_id = ${run?.id ?? 0} order by name`;
  expect([...kept]).toEqual([
    { name: "empty.txt", bytes: 0 },
    { name: "media/images/loss_0.png", bytes: 9 },
    { name: "model.bin", bytes: 7 },
  ]);
  expect(run).toMatchObject({
    ...{ display_name: "brisk-sun-1", state: "failed", state_reason: "exit_code", exit_code: 3, attempt: 1 },
    ...{
      group_name: "g",
      job_type: "train",
      host: "node7",
      notes: "first try",
      tags: ["a", "b", "sweep-s1w2e3p4"],
    },
    started_at: new Date(BEGAN),
    finished_at: new Date(BEGAN + 10_000 + (STEPS - 1) * 1_000),
    summary: { best: 0.25, loss: { min: 0.25 } },
    output: "stdout hello|stderr \ntrouble|stdout \nworld",
    system: [{ "cpu.machine": 12.5, "gpu.0": 90, "disk.in": 1 }],
  });
  // 1.0 stays what the program had.
  expect(run?.params).toBe('{"lr": 1.0, "layers": 3, "optimizer": {"lr": 0.01}}');
  expect(rows).toEqual(expectedRows());

  const before = await everything(started());
  const again = await typed("whole", "--json");
  expect(again.out.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ outcome: "unchanged", project: "whole", name: "abc12345", historyLines: 300 }),
  ]);
  expect(again.err).toBe("1 there already");
  expect(await everything(started())).toEqual(before);
});

test("broken off at any request, after a crash for silence too, an import is gone on with and ends the same", async () => {
  const { url, key, db } = started();
  const file = put(
    "broken/run-x.wandb",
    logOf({ id: "x", project: "broken", tags: ["a"] }, { steps: 5_400 }),
  );
  put("broken/files/media/picture.png", "a picture");
  const [found] = findRuns([file]);
  if (found === undefined) throw new Error("no run");
  let whole: Awaited<ReturnType<typeof read>> | undefined;
  let breaks = 0;
  for (let allowed = 0; ; allowed++) {
    const project = `broken-${allowed}`;
    const client = openClient({ url, key });
    const door = openWandbDoor({ url, key, userAgent: "test" });
    let left = allowed;
    const limited = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (of, name) => {
          const member: unknown = Reflect.get(of, name);
          if (typeof member !== "function" || name === "close") return member;
          return (...args: unknown[]) => {
            if (left-- <= 0) throw new Error("broken off");
            return member.apply(of, args) as unknown;
          };
        },
      });
    const options = { entity: undefined, project, onLines: () => {} };
    const broken = await importRun(found, { ...options, client: limited(client), door: limited(door) }).then(
      () => false,
      (error: Error) => error.message === "broken off",
    );
    if (broken) {
      breaks++;
      if (allowed % 2 === 1) {
        await db.sql`update attempts set last_contact_at = now() - interval '1 hour' where ended_at is null`;
        const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
        await reapAttempts(db, silent, { silenceMs: 1_800_000, outageMs: 3_600_000, graceMs: 0 });
      }
      const { outcome } = await importRun(found, { ...options, client, door });
      expect(outcome).toBe("imported");
    }
    const { run, rows } = await read(project, "x");
    const { id: _, ...facts } = run ?? {};
    whole ??= { run: facts as typeof run, rows };
    expect(rows.length).toBe(5_400);
    expect(facts).toEqual(whole.run);
    expect(rows).toEqual(whole.rows);
    await Promise.all([client.close(), door.close()]);
    if (!broken) break;
  }
  expect(whole?.run).toMatchObject({ files: ["media/picture.png"] });
  expect(whole?.rows).toEqual(expectedRows(5_400));
  expect(breaks).toBeGreaterThan(8);
}, 60_000);

test("two imports of the same runs at once are one", async () => {
  for (const id of ["one", "two", "three"]) put(`twice/run-${id}.wandb`, logOf({ id, project: "twice" }));
  const both = await Promise.all([typed("twice"), typed("twice")]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  for (const id of ["one", "two", "three"]) {
    const { run, rows } = await read("twice", id);
    expect(run).toMatchObject({
      state: "finished",
      attempt: 1,
    });
    // A last line that came twice is written over itself, as in a terminal.
    expect(String(run?.output).replace("|stdout \rworld", "")).toBe(
      "stdout hello|stderr \ntrouble|stdout \nworld",
    );
    expect(rows).toEqual(expectedRows());
  }
});

test("a run that is there with other data stays as it is, and one that came by `wandb sync` is the same run", async () => {
  const server = started();
  put("other/run-taken.wandb", logOf({ id: "taken", project: "other", config: { lr: "1.0" } }));
  put(
    "other/run-synced.wandb",
    logOf({ id: "synced", project: "other", config: { lr: "1.0" } }, { steps: 3 }),
  );
  put("other/run-fresh.wandb", logOf({ id: "fresh", project: "other" }));
  const config = JSON.stringify({
    lr: { value: 1 },
    optimizer: { value: { lr: 0.01 } },
    _wandb: { value: {} },
  });
  for (const name of ["taken", "synced"]) {
    const { upsertBucket } = await wired(server, DOCUMENTS.upsertBucket, {
      project: "other",
      name,
      config,
    });
    const entity = upsertBucket.bucket.project.entity.name as string;
    const content = [0, 1, 2].map((step) => `{"_step":${step},"loss":${step}}`);
    await stream(server, `${entity}/other/${name}`, {
      files: { "wandb-history.jsonl": { offset: 0, content } },
      ...{ complete: true, exitcode: 0 },
    });
  }
  const before = await read("other", "taken");
  const { code, out, err } = await typed("other");
  expect(code).toBe(1);
  expect(out).toEqual([
    expect.stringContaining("other/fresh imported"),
    expect.stringContaining("other/synced is there already"),
  ]);
  expect(err).toMatch(
    /besom: project other has a run taken already, with other data \(3 lines of history, finished\) than \S+run-taken\.wandb \(300 lines, finished\): .*--project\n1 moved in, 1 there already, 1 not moved in: see above$/,
  );
  expect(await read("other", "taken")).toEqual(before);
  // The way out that the message tells.
  expect(await typed("other/run-taken.wandb", "--project", "beside")).toMatchObject({ code: 0 });
  expect((await read("beside", "taken")).rows).toEqual(expectedRows());
  await server.db
    .sql`update runs set deleted_at = now() where name = 'taken' and project_id = (select id from projects where name = 'beside')`;
  const deleted = await typed("other/run-taken.wandb", "--project", "beside");
  expect(deleted).toMatchObject({ code: 1, out: [] });
  expect(deleted.err).toContain(
    "a run taken of project beside was deleted, and a deleted run keeps its name",
  );
});

test("a file that breaks off gives what is whole and says so; a damaged one is named with its byte; the others come in", async () => {
  const log = logOf({ id: "torn", project: "torn" });
  const torn = put("torn/a/run-torn.wandb", log);
  truncateSync(torn, Math.floor(log.length / 2));
  const bad = logOf({ id: "bad", project: "torn" });
  bad[20_000] = (bad[20_000] ?? 0) ^ 1;
  put("torn/b/run-bad.wandb", bad);
  put("torn/c/run-good.wandb", logOf({ id: "good", project: "torn" }));
  put("torn/d/run-none.wandb", encodeLog([encode.header()]));
  put("torn/e/run.json", '{"id": "gap", "project": "torn"}');
  put("torn/e/history.jsonl", '{"_step": 0, "loss": 1}\n{"_step": 1, "loss": \n{"_step": 2, "loss": 1}\n');
  const { code, out, err } = await typed("torn");
  expect(code).toBe(1);
  expect(out.map((line) => line.replace(/^.*torn\//, ""))).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^torn imported: 1\d\d lines of history, crashed$/),
      "good imported: 300 lines of history, finished",
    ]),
  );
  expect(out).toHaveLength(2);
  expect(err).toMatch(
    /warning: \S+run-torn\.wandb breaks off at byte \d+ \(a record is cut off\): what is whole before it is taken/,
  );
  expect(err).toMatch(/besom: \S+run-bad\.wandb is damaged at byte \d+: a checksum is wrong/);
  expect(err).toMatch(/besom: \S+run-none\.wandb holds no run/);
  expect(err).toMatch(/besom: line 2 of \S+history\.jsonl is no JSON/);
  expect(err).toMatch(/2 moved in, 3 not moved in: see above$/);
  const { run, rows } = await read("torn", "torn");
  expect(run).toMatchObject({
    state: "crashed",
    exit_code: null,
    state_detail: expect.stringContaining("ends without an exit"),
  });
  expect(rows).toEqual(expectedRows().slice(0, rows.length));
  expect(rows.length).toBeGreaterThan(100);
});

test("what the server refuses of a run is said with the place that it lies in", async () => {
  put("refused/good/run.wandb", logOf({ id: "goodid", project: "refused" }, { steps: 1 }));
  const bad = put("refused/bad/run.wandb", logOf({ id: "../up", project: "refused" }, { steps: 1 }));
  const { code, err } = await typed("refused");
  expect(code).toBe(1);
  expect(err).toContain(`besom: ${bad}: name is "../up", expected up to 128 letters`);
  expect(err).toContain("1 moved in, 1 not moved in");
});

test("exported folders come in: JSON lines or CSV, config plain or the client's YAML, state and times from run.json", async () => {
  put(
    "exported/full/run.json",
    JSON.stringify({
      ...{
        id: "full1",
        name: "brave",
        project: "exported",
        state: "killed",
        exitCode: 255,
        tags: ["x"],
        notes: "n",
      },
      ...{
        group: "g",
        jobType: "eval",
        sweep: "abcd1234",
        createdAt: "2023-01-02T03:04:05",
        finishedAt: "2023-01-02T04:04:05Z",
      },
    }),
  );
  put("exported/full/config.json", '{"lr": 1.0, "deep": {"a": [1, 2.0]}}');
  put("exported/full/summary.json", '{"loss": NaN, "best": 3}');
  put("exported/full/wandb-metadata.json", '{"host": "h", "program": "t.py", "gpu": "T4"}');
  put(
    "exported/full/history.jsonl",
    '{"_step": 0, "loss": 1, "_timestamp": 1672628650}\n{"_step": 5, "loss": NaN, "d.x": "Infinity"}',
  );
  put("exported/full/events.jsonl", '{"system.cpu": 50, "_timestamp": 1672628650}\n');
  put("exported/full/output.log", "one\ntwo\n");
  put(
    "exported/csv2/files/config.yaml",
    "wandb_version: 1\nlr:\n  desc: null\n  value: 0.5\n_wandb:\n  value: {cli_version: 0.15.0}\n",
  );
  put("exported/csv2/files/wandb-summary.json", '{"loss": 2, "_runtime": 60}');
  put("exported/begun.part/history.jsonl", '{"_step": 0}\n');
  put("exported/csv2/history.csv", ",_step,loss\n0,0,1.5\n1,1,nan\n");
  expect(await typed("exported", "--project", "exported")).toMatchObject({ code: 0, err: "2 moved in" });
  const full = await read("exported", "full1");
  expect(full.run).toMatchObject({
    ...{ display_name: "brave", state: "killed", exit_code: 255, notes: "n", tags: ["sweep-abcd1234", "x"] },
    ...{
      group_name: "g",
      job_type: "eval",
      host: "h",
      output: "stdout one\ntwo",
      system: [{ "cpu.machine": 50 }],
    },
    params: '{"lr": 1.0, "deep": {"a": [1, 2.0]}}',
    summary: { loss: "NaN", best: 3 },
    started_at: new Date("2023-01-02T03:04:05Z"),
    finished_at: new Date("2023-01-02T04:04:05Z"),
  });
  expect(full.rows.map(({ _time, ...row }) => row)).toEqual([
    { _step: 0, loss: 1 },
    { _step: 5, loss: Number.NaN, "d.x": Number.POSITIVE_INFINITY },
  ]);
  const csv = await read("exported", "csv2");
  expect(csv.run).toMatchObject({ state: "finished", params: '{"lr": 0.5}' });
  expect(csv.rows.map(({ _step, loss }) => [_step, loss])).toEqual([
    [0, 1.5],
    [1, Number.NaN],
  ]);
  expect(await typed("exported", "--project", "exported")).toMatchObject({ code: 0, err: "2 there already" });
  put("exported/full/run.json", '{"id": "full1", "state": "exploded"}');
  const wrong = await typed("exported/full", "--project", "exported");
  expect(wrong.err).toMatch(/state in \S+run\.json is "exploded", expected one of finished, failed/);
});

test("a run that was resumed comes from both its folders; one begun anew is its last folder", async () => {
  const part = (id: string, from: number, startedMs: number, code: number) =>
    encodeLog([
      encode.run({ id, project: "parts", startedMs }),
      ...[0, 1, 2].map((i) => encode.history(from + i, { loss: String(from + i) })),
      encode.exit(code),
    ]);
  put("parts/run-20240102_000000-r/run-r.wandb", part("r", 3, BEGAN + 86_400_000, 0));
  put("parts/run-20240101_000000-r/run-r.wandb", part("r", 0, BEGAN, 1));
  put("parts/run-20240101_000000-n/run-n.wandb", part("n", 0, BEGAN, 1));
  put("parts/run-20240102_000000-n/run-n.wandb", part("n", 0, BEGAN + 86_400_000, 0));
  const { code, err } = await typed("parts");
  expect(code).toBe(0);
  expect(err).toMatch(
    /20240101_000000-n\/run-n\.wandb is left out: \S+20240102_000000-n\/run-n\.wandb begins the same run anew/,
  );
  const resumed = await read("parts", "r");
  expect(resumed.run).toMatchObject({ state: "finished", exit_code: 0, started_at: new Date(BEGAN) });
  expect(resumed.rows.map(({ loss }) => loss)).toEqual([0, 1, 2, 3, 4, 5]);
  const anew = await read("parts", "n");
  expect(anew.run).toMatchObject({ started_at: new Date(BEGAN + 86_400_000) });
  expect(anew.rows.map(({ loss }) => loss)).toEqual([0, 1, 2]);
});

test("a run that was moved in while its client still wrote goes on where it was, and ends as its record does", async () => {
  const whole = logOf({ id: "live", project: "live" });
  const half = Math.floor(whole.length / 2);
  put("live/run-live.wandb", whole.subarray(0, half));
  expect(await typed("live")).toMatchObject({ code: 0, out: [expect.stringMatching(/history, crashed$/)] });
  const before = await read("live", "live");
  put("live/run-live.wandb", whole);
  expect(await typed("live")).toMatchObject({
    code: 0,
    out: [expect.stringContaining("imported: 300 lines of history, finished")],
    err: "1 moved in",
  });
  const { run, rows } = await read("live", "live");
  expect(before.run).toMatchObject({ state: "crashed", attempt: 1 });
  expect(run).toMatchObject({ state: "finished", exit_code: 0, attempt: 2, started_at: new Date(BEGAN) });
  expect(rows).toEqual(expectedRows());
  expect(before.rows).toEqual(rows.slice(0, before.rows.length));
  expect(await typed("live")).toMatchObject({ code: 0, err: "1 there already" });
});

test("a sweep here learns from runs that were moved in", async () => {
  const run = (id: string, lr: string) =>
    encodeLog([
      encode.run({ id, project: "learnt", config: { lr }, sweepId: "abcdefgh" }),
      encode.history(0, { loss: lr }),
      encode.exit(0),
    ]);
  put("learnt/run-p1.wandb", run("p1", "0.1"));
  put("learnt/run-p2.wandb", run("p2", "0.2"));
  expect((await typed("learnt")).code).toBe(0);
  put(
    "learnt/sweep.yaml",
    "program: t.py\nmethod: bayes\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {min: 0.01, max: 1.0}\n",
  );
  const made = await besom(["sweep", "learnt/sweep.yaml", "--project", "learnt", "-R", "p1", "-R", "p2"]);
  expect(made.code, made.err).toBe(0);
  const [priors] = await started().db.sql`select priors as count from sweeps`;
  expect(priors).toEqual({ count: 2 });
});

test("what is to come is said before anything is sent, and a path without runs, a key that is none and a server that is away are told at once", async () => {
  put("dry/wandb/run-20240301_100000-d/run-d.wandb", logOf({ id: "d", project: "dry" }));
  const dry = await typed("dry", "--dry-run");
  expect(dry).toEqual({
    code: 0,
    out: ["[1/1] dry/d found: 300 lines of history, finished"],
    err: "1 found",
  });
  expect((await read("dry", "d")).run).toBeUndefined();
  // A repository's own files are no run.
  put("dry/config.json", '{"lr": 1}');
  expect((await typed("dry", "--dry-run")).out).toEqual(dry.out);
  put("empty/config.yaml", "lr: 1");
  expect(await typed("empty")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^besom: no run lies in \S+empty or below it/),
  });
  expect(await typed("nowhere")).toMatchObject({
    code: 2,
    err: expect.stringContaining("nowhere is not there"),
  });
  const wrongKey = await besom(["import", "wandb", "dry"], { BESOM_API_KEY: `besom-${"x".repeat(43)}` });
  expect(wrongKey).toMatchObject({ code: 3, out: [] });
  expect(wrongKey.err.split("\n")).toHaveLength(1);
  const began = performance.now();
  const away = await besom(["import", "wandb", "dry"], { BESOM_URL: "http://127.0.0.1:9" });
  expect(away).toMatchObject({
    code: 4,
    out: [],
    err: expect.stringContaining("can't reach the Besom server"),
  });
  expect(performance.now() - began).toBeLessThan(20_000);
});
