import { crc32 } from "node:zlib";

/** What a W&B client writes to disk, by the other direction of agent/import: LevelDB's log of protobuf records. */

const BLOCK = 32 * 1024;

/** A `.wandb` file that holds these records. */
export function encodeLog(records: readonly Uint8Array[]): Buffer {
  const pieces: Buffer[] = [Buffer.from(":W&B\xe1\xbe\0", "latin1")];
  let at = 7;
  const put = (bytes: Buffer) => {
    pieces.push(bytes);
    at += bytes.length;
  };
  for (const record of records) {
    let [from, first] = [0, true];
    do {
      let room = BLOCK - (at % BLOCK);
      if (room < 7) {
        put(Buffer.alloc(room));
        room = BLOCK;
      }
      const to = Math.min(record.length, from + room - 7);
      const last = to === record.length;
      const kind = first ? (last ? 1 : 2) : last ? 4 : 3;
      const body = Buffer.concat([Buffer.from([kind]), record.subarray(from, to)]);
      const head = Buffer.alloc(6);
      head.writeUInt32LE(crc32(body), 0);
      head.writeUInt16LE(body.length - 1, 4);
      put(head);
      put(body);
      // In a block's last 7 bytes a record begins without any byte of its own.
      [from, first] = [to, false];
    } while (from < record.length);
  }
  return Buffer.concat(pieces);
}

type Field = readonly [number: number, value: number | bigint | string | Uint8Array | undefined];

/** Integers as varints, all else with its length; undefined is no field. */
export function encodeMessage(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (value === undefined) return [];
      if (typeof value === "number" || typeof value === "bigint")
        return [varint(BigInt(number) << 3n), varint(BigInt.asUintN(64, BigInt(value)))];
      const bytes = Buffer.from(value as string);
      return [varint((BigInt(number) << 3n) | 2n), varint(BigInt(bytes.length)), bytes];
    }),
  );
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** `{"loss": "0.5", "d.x": "NaN"}`: JSON texts by name. A dot makes a nested name. */
export type Items = Readonly<Record<string, string>>;

const item = ([name, json]: readonly [string, string]): Buffer => {
  const path = name.split(".");
  const named: Field[] = path.length === 1 ? [[1, name]] : path.map((part) => [2, part] as const);
  return encodeMessage([...named, [16, json]]);
};
const items = (number: number, given: Items = {}): Field[] =>
  Object.entries(given).map((one) => [number, item(one)] as const);

const time = (ms: number): Buffer =>
  encodeMessage([
    [1, Math.floor(ms / 1_000)],
    [2, Math.round((ms % 1_000) * 1e6)],
  ]);

export interface RunFields {
  readonly id: string;
  readonly project?: string;
  readonly config?: Items;
  readonly group?: string;
  readonly jobType?: string;
  readonly displayName?: string;
  readonly notes?: string;
  readonly tags?: readonly string[];
  readonly sweepId?: string;
  readonly host?: string;
  readonly startedMs?: number;
}

/** Records as the client numbers their kinds (wandb_internal.proto). */
export const encode = {
  header: (version = "0.31.0") =>
    encodeMessage([[21, encodeMessage([[1, encodeMessage([[1, `${version}+abc`]])]])]]),
  run: (run: RunFields) =>
    encodeMessage([
      [
        17,
        encodeMessage([
          ...([
            [1, run.id],
            [3, run.project],
            [4, encodeMessage(items(1, run.config))],
            [6, run.group],
            [7, run.jobType],
            [8, run.displayName],
            [9, run.notes],
          ] as Field[]),
          ...(run.tags ?? []).map((tag) => [10, tag] as const),
          [12, run.sweepId],
          [13, run.host],
          [17, run.startedMs === undefined ? undefined : time(run.startedMs)],
        ]),
      ],
    ]),
  history: (step: number, values: Items) =>
    encodeMessage([
      [
        2,
        encodeMessage([
          ...items(1, { ...values, _step: String(step) }),
          [2, encodeMessage(step === 0 ? [] : [[1, step]])],
        ]),
      ],
    ]),
  summary: (update: Items, remove: readonly string[] = []) =>
    encodeMessage([
      [3, encodeMessage([...items(1, update), ...remove.map((name) => [2, item([name, ""])] as const)])],
    ]),
  config: (update: Items, remove: readonly string[] = []) =>
    encodeMessage([
      [5, encodeMessage([...items(1, update), ...remove.map((name) => [2, item([name, ""])] as const)])],
    ]),
  stats: (ms: number, values: Items) =>
    encodeMessage([
      [
        7,
        encodeMessage([
          [2, time(ms)],
          ...Object.entries(values).map(
            ([name, json]) =>
              [
                3,
                encodeMessage([
                  [1, name],
                  [16, json],
                ]),
              ] as const,
          ),
        ]),
      ],
    ]),
  output: (ms: number, text: string, stream: "stdout" | "stderr" = "stdout") =>
    encodeMessage([
      [
        13,
        encodeMessage([
          [1, stream === "stdout" ? 1 : 0],
          [2, time(ms)],
          [3, text],
        ]),
      ],
    ]),
  exit: (code: number) => encodeMessage([[18, encodeMessage([[1, code]])]]),
};
