import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import type { Text } from "@codemirror/state";
import { hoverTooltip, keymap } from "@codemirror/view";
import { helpOn, keysAt } from "./help";

/** Completion of keys and words, and help on a key under the pointer: by where the line stands, since a file in the making has no tree yet. */

interface Line {
  readonly indent: number;
  readonly key: string | undefined;
}

/** `  - name: x` counts as a key two columns further in, as YAML has it. */
const INDENT = /^\s*(?:-\s+)?/;
const KEY = /^\s*(?:-\s+)?(?:"([^"]*)"|'([^']*)'|([^\s#:"'][^:#]*?))\s*:(?:\s|$)/;

function readLine(text: string): Line {
  const [, double, single, plain] = KEY.exec(text) ?? [];
  return { indent: INDENT.exec(text)?.[0].length ?? 0, key: double ?? single ?? plain };
}

/** Keys of the lines that this one stands inside, from the root. */
export function pathAt(lines: readonly string[], index: number, indent: number): string[] {
  const path: string[] = [];
  let below = indent;
  for (let i = index - 1; i >= 0 && below > 0; i--) {
    const text = lines[i] ?? "";
    if (text.trim() === "" || text.trim().startsWith("#")) continue;
    const line = readLine(text);
    if (line.key === undefined || line.indent >= below) continue;
    path.unshift(line.key);
    below = line.indent;
  }
  return path;
}

const linesOf = (doc: Text): string[] => doc.toJSON();

function complete({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const at = state.doc.lineAt(pos);
  const before = at.text.slice(0, pos - at.from);
  const lines = linesOf(state.doc);
  const word = /^(\s*(?:-\s+)?)([A-Za-z_]*)$/.exec(before);
  if (word) {
    const [, lead = "", typed = ""] = word;
    if (typed === "" && !explicit) return null;
    const path = pathAt(lines, at.number - 1, lead.length);
    const keys = keysAt(path);
    if (keys === undefined) return null;
    const taken = new Set(siblings(lines, at.number - 1, lead.length));
    const options = keys
      .filter(({ key }) => !taken.has(key))
      .map(
        ({ key, help, begin = " ", words }, i): Completion => ({
          label: key,
          apply: begin === "\n" ? `${key}:\n${" ".repeat(lead.length + 2)}` : `${key}:${begin}`,
          detail: words ? Object.keys(words).slice(0, 3).join(", ") : "",
          info: help,
          type: "property",
          boost: -i,
        }),
      );
    return { from: pos - typed.length, options, validFor: /^[A-Za-z_]*$/ };
  }
  const value = /^(\s*(?:-\s+)?)([A-Za-z_]+):\s+([A-Za-z_]*)$/.exec(before);
  if (!value) return null;
  const [, lead = "", key = "", typed = ""] = value;
  const help = helpOn([...pathAt(lines, at.number - 1, lead.length), key]);
  if (!help?.words) return null;
  const options = Object.entries(help.words).map(
    ([label, info], i): Completion => ({ label, info, type: "enum", boost: -i }),
  );
  return { from: pos - typed.length, options, validFor: /^[A-Za-z_]*$/ };
}

/** Keys that stand beside this line already. */
function siblings(lines: readonly string[], index: number, indent: number): string[] {
  const keys: string[] = [];
  for (const step of [-1, 1])
    for (let i = index + step; i >= 0 && i < lines.length; i += step) {
      const text = lines[i] ?? "";
      if (text.trim() === "" || text.trim().startsWith("#")) continue;
      const line = readLine(text);
      if (line.indent < indent) break;
      if (line.indent === indent && line.key !== undefined) keys.push(line.key);
    }
  return keys;
}

const hover = hoverTooltip(({ state }, pos) => {
  const at = state.doc.lineAt(pos);
  const { indent, key } = readLine(at.text);
  if (key === undefined) return null;
  const from = at.from + at.text.indexOf(key, Math.max(0, indent - 1));
  if (pos < from || pos > from + key.length) return null;
  const help = helpOn([...pathAt(linesOf(state.doc), at.number - 1, indent), key]);
  if (!help) return null;
  return {
    pos: from,
    end: from + key.length,
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-key-help";
      dom.append(Object.assign(document.createElement("strong"), { textContent: key }));
      dom.append(` ${help.help}`);
      for (const [word, meaning] of Object.entries(help.words ?? {})) {
        const line = document.createElement("div");
        line.append(Object.assign(document.createElement("code"), { textContent: word }), ` ${meaning}`);
        dom.append(line);
      }
      return { dom };
    },
  };
});

/** Ctrl with Space asks for it; the arrows choose, Enter takes, Escape leaves. */
export const sweepFileHelp = [
  autocompletion({ override: [complete], icons: false, activateOnTyping: true }),
  keymap.of(completionKeymap),
  hover,
];
