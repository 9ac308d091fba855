import { isAppError } from "@/core/errors";

interface Page<Node> {
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

const PAGE_SIZE = 500;

/**
 * Follows a connection to its end, or to `limit` nodes. Gives the owner as the first page showed it. Nobody knows before how
 * much rows bring along (a run may have 10,000 metrics): what is more than an answer holds is asked for in shorter pages.
 */
export async function readPages<Owner, Node>(
  limit: number,
  read: (first: number, after: string | null) => Promise<{ owner: Owner; page: Page<Node> }>,
  onNode: (node: Node) => void,
): Promise<Owner> {
  let left = limit;
  let after: string | null = null;
  let first: Owner | undefined;
  let size = PAGE_SIZE;
  for (;;) {
    const wanted = Math.min(left, size);
    let answer: { owner: Owner; page: Page<Node> };
    try {
      answer = await read(wanted, after);
    } catch (error) {
      if (!isAppError(error) || error.code !== "QUERY_TOO_LARGE" || wanted <= 1) throw error;
      size = Math.ceil(wanted / 2);
      continue;
    }
    const { owner, page } = answer;
    first ??= owner;
    for (const node of page.nodes) onNode(node);
    left -= page.nodes.length;
    after = page.pageInfo.endCursor;
    if (left <= 0 || !page.pageInfo.hasNextPage || page.nodes.length === 0) return first;
  }
}
