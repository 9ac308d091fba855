/** Blocks as one value, with where each starts (from 1) and how long it is: an array of them would be escaped as text. */
export function packBlocks(rows: readonly { block: Uint8Array }[]): {
  all: Buffer;
  starts: number[];
  lengths: number[];
} {
  const starts: number[] = [];
  let end = 0;
  for (const { block } of rows) {
    starts.push(end + 1);
    end += block.length;
  }
  return {
    all: Buffer.concat(rows.map(({ block }) => block)),
    starts,
    lengths: rows.map(({ block }) => block.length),
  };
}
