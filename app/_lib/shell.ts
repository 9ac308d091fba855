/** A command line as a shell would need it, so that a copy of it runs. */
export const toShellLine = (words: readonly string[]): string => words.map(quote).join(" ");

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
