/** Marks that turn the direction of what follows them, and lines that end within a line. */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Names, parameters and hosts are other people's: what a terminal would obey (escapes, line ends) is shown as a picture of it. */
export const toShown = (text: string): string =>
  text.replace(OBEYED, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });

const NARROW = /^[\x20-\u02ff]*$/;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Of Unicode's East Asian Width W and F, and the pictures. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** How many cells of a terminal one character takes. */
export function cellsOf(character: string): number {
  if (NARROW.test(character)) return 1;
  return NOTHING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

export function countCells(text: string): number {
  if (NARROW.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOf(character);
  return cells;
}

/** With blanks behind it, as many cells wide. */
export const padCells = (text: string, cells: number): string =>
  text + " ".repeat(Math.max(0, cells - countCells(text)));
