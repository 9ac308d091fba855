import type { OutputPage as Output } from "@/graphql/operations/run-page";

/** The last `characters` of what was printed, from the start of a line where there is one. */
export function endOfOutput({ nodes, pageInfo }: Output, characters: number): Output {
  const kept: Output["nodes"] = [];
  let room = characters;
  for (const piece of nodes.toReversed()) {
    if (piece.text.length > room) {
      const text = lastLines(piece.text, room);
      return {
        nodes: text ? [{ ...piece, text }, ...kept] : kept,
        pageInfo: { ...pageInfo, hasPreviousPage: true },
      };
    }
    kept.unshift(piece);
    room -= piece.text.length;
  }
  return { nodes: kept, pageInfo };
}

/** `text` is longer than `room`. */
function lastLines(text: string, room: number): string {
  const cut = text.length - room;
  const lineEnd = text.indexOf("\n", cut - 1);
  return text.slice(lineEnd === -1 || lineEnd === text.length - 1 ? cut : lineEnd + 1);
}
