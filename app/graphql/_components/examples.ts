import { EXAMPLES } from "@/graphql/operations/examples";

const toComment = (text: string): string =>
  text
    .match(/.{1,88}(?:\s|$)/g)
    ?.map((line) => `# ${line.trim()}`)
    .join("\n") ?? "";

/** Each worked example in a tab of its own, what it is about above it. */
export const EXAMPLE_TABS = EXAMPLES.map(({ title, description, query, variables }) => ({
  query: `# ${title}\n${toComment(description)}\n\n${query}\n`,
  ...(variables && { variables: JSON.stringify(variables, null, 2) }),
}));
