import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";

/** graphql-js hands the same list of nodes to a field of each row: one answer measures it once. */
const widths = new WeakMap<readonly FieldNode[], number>();

/**
 * How many fields of the answer each row of this list brings. Lists below it count as one: what is in them is measured
 * when they are there. Never below 1, so that a list of texts costs what it has.
 */
export function rowWidth({ fieldNodes, fragments, returnType, schema }: GraphQLResolveInfo): number {
  const known = widths.get(fieldNodes);
  if (known !== undefined) return known;
  const ofFragments = new Map<string, number>();

  const ofSet = (set: SelectionSetNode | undefined, type: GraphQLNamedType | undefined): number => {
    let width = 0;
    for (const node of set?.selections ?? []) {
      if (node.kind === Kind.FIELD) width += ofField(node, type);
      else if (node.kind === Kind.FRAGMENT_SPREAD) width += ofFragment(node.name.value);
      else
        width += ofSet(
          node.selectionSet,
          node.typeCondition ? schema.getType(node.typeCondition.name.value) : type,
        );
    }
    return width;
  };
  const ofField = (node: FieldNode, parent: GraphQLNamedType | undefined): number => {
    const field = isObjectType(parent) ? parent.getFields()[node.name.value] : undefined;
    if (field === undefined || isListType(getNullableType(field.type))) return 1;
    return 1 + ofSet(node.selectionSet, getNamedType(field.type));
  };
  /** Once each, so that fragments of fragments can't blow up the time. */
  const ofFragment = (name: string): number => {
    const before = ofFragments.get(name);
    if (before !== undefined) return before;
    const fragment = fragments[name];
    const width = ofSet(
      fragment?.selectionSet,
      fragment && schema.getType(fragment.typeCondition.name.value),
    );
    ofFragments.set(name, width);
    return width;
  };

  const type = getNamedType(returnType);
  const width = Math.max(
    1,
    fieldNodes.reduce((sum, { selectionSet }) => sum + ofSet(selectionSet, type), 0),
  );
  widths.set(fieldNodes, width);
  return width;
}
