interface Page<Node> {
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

const PAGE_SIZE = 500;

/** Follows a connection to its end, or to `limit` nodes. Gives the owner as the first page showed it. */
export async function readPages<Owner, Node>(
  limit: number,
  read: (first: number, after: string | null) => Promise<{ owner: Owner; page: Page<Node> }>,
  onNode: (node: Node) => void,
): Promise<Owner> {
  let left = limit;
  let after: string | null = null;
  let first: Owner | undefined;
  for (;;) {
    const { owner, page }: { owner: Owner; page: Page<Node> } = await read(Math.min(left, PAGE_SIZE), after);
    first ??= owner;
    for (const node of page.nodes) onNode(node);
    left -= page.nodes.length;
    after = page.pageInfo.endCursor;
    if (left <= 0 || !page.pageInfo.hasNextPage || page.nodes.length === 0) return first;
  }
}
