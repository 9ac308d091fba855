/** What a document promises: its code blocks, each with the output that stands below it. */
export interface Recipe {
  readonly language: string;
  readonly code: string;
  readonly output?: { readonly kind: "json" | "text"; readonly text: string };
  /** Where it stands, for messages. */
  readonly line: number;
}

export function readRecipes(markdown: string): Recipe[] {
  const blocks = [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
    language: match[1] ?? "",
    code: match[2] ?? "",
    line: markdown.slice(0, match.index).split("\n").length,
  }));
  return blocks.flatMap(({ language, code, line }, i) => {
    if (isOutput(language)) return [];
    const next = blocks[i + 1];
    return [
      {
        language,
        code,
        line,
        ...(next && isOutput(next.language) && { output: { kind: next.language, text: next.code } }),
      },
    ];
  });
}

const isOutput = (language: string): language is "json" | "text" =>
  language === "json" || language === "text";

/** Do they say the same? Ids and keys differ from server to server; everything else must not. */
export function sayTheSame(
  { kind, text }: NonNullable<Recipe["output"]>,
  printed: string,
): [unknown, unknown] {
  if (kind === "text") return [printed.trim(), text.trim()];
  const lines = (all: string) =>
    all
      .trim()
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line, hideIds) as unknown);
  // Answers of several calls follow each other without a line end.
  return [lines(printed.replaceAll("}{", "}\n{")), lines(text)];
}

function hideIds(name: string, value: unknown): unknown {
  return typeof value === "string" && /^(?:id|runId|sweepId|agentId)$/.test(name) ? `a ${name}` : value;
}
