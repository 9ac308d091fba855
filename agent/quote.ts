/** A command as a person would paste it into a shell. For showing only: nothing of ours ever runs through a shell. */
export function toShellText(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}
