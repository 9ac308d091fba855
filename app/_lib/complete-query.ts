import { RUN_STATES } from "@/core/run";

/** What occurs in the runs at hand, to be offered while one types a filter. */
export interface QueryWords {
  /** With the texts that it takes, in the language's spelling; none for one that is a number. */
  readonly parameters: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly metrics: readonly string[];
  readonly tags: readonly string[];
  readonly hosts: readonly string[];
}

export interface Completion {
  /** What the field holds when it is chosen. */
  readonly text: string;
  readonly hint: string;
  /** A condition that can stand as it is; otherwise an operator or a value follows. */
  readonly whole: boolean;
}

const MOST = 8;
const LABELED = /^(state|tag|host):(.*)$/s;
const COMPARED = /^([^<>=!"]+)(<=|>=|!=|<|>|=)(.*)$/s;

/** How a condition that begins like this may go on, the likeliest first. */
export function completeQuery(draft: string, words: QueryWords): readonly Completion[] {
  const minus = /^-(?!$)/.test(draft) ? "-" : "";
  return completions(draft.slice(minus.length), words)
    .slice(0, MOST)
    .map((one) => ({ ...one, text: minus + one.text }));
}

function completions(draft: string, words: QueryWords): Completion[] {
  const labeled = LABELED.exec(draft);
  if (labeled) {
    const [, label = "", typed = ""] = labeled;
    const all = { state: RUN_STATES, tag: words.tags, host: words.hosts }[label] ?? [];
    // Several states or tags stand behind one another; a machine is alone.
    const comma = label === "host" ? 0 : typed.lastIndexOf(",") + 1;
    const [before, last] = [typed.slice(0, comma), typed.slice(comma)];
    const taken = new Set(before.split(","));
    return containing(
      all.filter((value) => !taken.has(value)),
      last,
    ).map((value) => ({
      text: `${label}:${before}${quote(value)}`,
      hint: label === "host" ? "agent" : label,
      whole: true,
    }));
  }
  const compared = COMPARED.exec(draft);
  if (compared) {
    const [, name = "", sign = "", typed = ""] = compared;
    const known = words.parameters.find((one) => one.name === name);
    return containing(known?.values ?? [], typed.replaceAll('"', "")).map((value) => ({
      text: `${name}${sign}${value}`,
      hint: "value",
      whole: true,
    }));
  }
  const labels = ["state:", "tag:", "host:"].map((text) => ({
    word: text,
    text,
    hint: text === "host:" ? "agent" : text.slice(0, -1),
  }));
  const parameters = words.parameters
    .filter(({ name }) => !/[\s<>=!"]/.test(name))
    .map(({ name, values }) => ({
      word: name,
      text: `${name}${values.length > 0 ? "=" : "<"}`,
      hint: "parameter",
    }));
  const metrics = words.metrics
    .filter((name) => !/[\s<>=!"]/.test(name))
    .map((name) => ({ word: name, text: `last(${name})>`, hint: "metric" }));
  return containing([...parameters, ...labels, ...metrics], draft, ({ word, text }) => [word, text]).map(
    ({ text, hint }) => ({ text, hint, whole: false }),
  );
}

const quote = (value: string): string => (/\s/.test(value) ? `"${value}"` : value);

/** Those that begin so first, then those that have it inside; capital letters do not matter. */
function containing<T>(all: readonly T[], typed: string, toTexts = (one: T) => [String(one)]): T[] {
  const sought = typed.toLowerCase();
  const at = (one: T) =>
    Math.min(...toTexts(one).map((text) => (text.toLowerCase().indexOf(sought) + 1 || 2_000) - 1));
  return all
    .map((one) => ({ one, rank: at(one) }))
    .filter(({ rank }) => rank < 1_999)
    .sort((a, b) => Number(a.rank > 0) - Number(b.rank > 0))
    .map(({ one }) => one);
}
