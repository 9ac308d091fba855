/**
 * Rows out of a table file as it streams by: `{"columns": [...], "data": [[...], ...]}`, as wandb's client writes it. A table may have
 * hundreds of megabytes, so it is never parsed as a whole: bytes are looked at once, only the rows that are wanted are kept, and each
 * tells where the next one begins, so that the page behind it can be read from there.
 */
export interface TableRow {
  /** JSON text of a list. */
  readonly json: string;
  /** The first byte behind it, counted from the start of the file. */
  readonly end: number;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d];
const [COMMA, COLON] = [0x2c, 0x3a];

export class TableReader {
  /** JSON text of the list under `columns`; undefined until it has come. */
  columns: string | undefined;
  /** In their order, until they are taken away. */
  rows: TableRow[] = [];
  /** The list of rows has ended. */
  ended = false;

  private at: number;
  private depth: number;
  private inText = false;
  private escaped = false;
  /** What stands below the outermost map is called so. */
  private key: string | undefined;
  private inData: boolean;
  /** What is being kept: from its first byte on. */
  private kept: Uint8Array[] | undefined;
  private keeps: "key" | "columns" | "row" | undefined;

  /** @param from a row's `end`, or 0 for the whole file */
  constructor(from = 0) {
    this.at = from;
    this.depth = from === 0 ? 0 : 2;
    this.inData = from !== 0;
  }

  /** The next bytes of the file. */
  add(chunk: Uint8Array): void {
    // Where in this chunk the part begins that is being kept.
    let start = 0;
    const begin = (what: "key" | "columns" | "row", i: number) => {
      [this.keeps, this.kept, start] = [what, [], i];
    };
    const finish = (i: number) => {
      const text = Buffer.concat([...(this.kept ?? []), chunk.subarray(start, i + 1)]).toString("utf8");
      if (this.keeps === "row") this.rows.push({ json: text, end: this.at + i + 1 });
      else if (this.keeps === "columns") this.columns = text;
      else this.key = text;
      [this.keeps, this.kept] = [undefined, undefined];
    };
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (this.inText) {
        if (this.escaped) this.escaped = false;
        else if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) {
          this.inText = false;
          if (this.keeps === "key") finish(i);
        }
        continue;
      }
      if (byte === QUOTE) {
        this.inText = true;
        if (this.depth === 1 && this.key === undefined) begin("key", i);
      } else if (byte === OPEN_LIST || byte === OPEN_MAP) {
        this.depth++;
        if (this.depth === 2 && byte === OPEN_LIST && this.key === '"columns"') begin("columns", i);
        else if (this.depth === 2 && byte === OPEN_LIST && this.key === '"data"') this.inData = true;
        else if (this.depth === 3 && this.inData) begin("row", i);
      } else if (byte === CLOSE_LIST || byte === CLOSE_MAP) {
        this.depth--;
        if (this.depth === 2 && this.keeps === "row") finish(i);
        else if (this.depth === 1 && this.keeps === "columns") finish(i);
        else if (this.depth === 1 && this.inData) [this.inData, this.ended] = [false, true];
      } else if (byte === COMMA && this.depth === 1) this.key = undefined;
      else if (byte === COLON) continue;
    }
    if (this.keeps !== undefined) this.kept?.push(chunk.slice(start));
    this.at += chunk.length;
  }

  /** The first byte that was not looked at. */
  get position(): number {
    return this.at;
  }
}
