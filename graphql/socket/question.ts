import { type DocumentNode, type ExecutionArgs, getOperationAST, Kind, visit } from "graphql";

/** Documents by a number: the same text is the same document here. */
const numbers = new WeakMap<DocumentNode, number>();
let last = 0;

/**
 * Names what an operation asks of an event: two subscriptions with one name get the same answer from it. The cursor is
 * left out where it only says from where to begin, which is the one thing in which the tabs of one page differ.
 */
export function toQuestion({ document, operationName, variableValues }: ExecutionArgs): string {
  const number = numbers.get(document) ?? ++last;
  numbers.set(document, number);
  const cursor = cursorOf(document, operationName);
  const values = Object.entries(variableValues ?? {}).filter(([name]) => name !== cursor);
  return JSON.stringify([number, operationName ?? null, values]);
}

/** The variable that is the root field's `cursor` and stands nowhere else. */
function cursorOf(document: DocumentNode, operationName: string | null | undefined): string | undefined {
  const operation = getOperationAST(document, operationName);
  const root = operation?.selectionSet.selections[0];
  if (root?.kind !== Kind.FIELD) return undefined;
  const value = root.arguments?.find(({ name }) => name.value === "cursor")?.value;
  if (value?.kind !== Kind.VARIABLE) return undefined;
  let uses = 0;
  visit(document, {
    enter(node) {
      if (node.kind === Kind.VARIABLE_DEFINITION) return false;
      if (node.kind === Kind.VARIABLE && node.name.value === value.name.value) uses++;
      return undefined;
    },
  });
  return uses === 1 ? value.name.value : undefined;
}
