/** A file's address on the host by which this page was reached: a server may be known under several names, and the page's policy loads from its own alone. */
export function toHere(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
