"use client";

import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, type Diagnostic as Mark, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { Diagnostic } from "@/core/sweep-config";
import { sweepFileHelp } from "./complete";

export interface EditorHandle {
  text(): string;
  /** One step of the history: undo brings the old text back. */
  replace(text: string): void;
  goTo(line: number, column: number): void;
}

/** Text is handed out this long after the last keystroke; the parser takes a few milliseconds more. */
const QUIET_MS = 90;

/** The sweep file under the hands. Without JavaScript, and until it has come, a plain field with the same text. */
export function CodeEditor(props: {
  initial: string;
  findings: readonly { diagnostic: Diagnostic; severity: "error" | "warning" }[];
  describedBy: string;
  onText: (text: string) => void;
  onSubmit: () => void;
  ref: Ref<EditorHandle>;
  className?: string;
}) {
  const {
    initial,
    findings,
    describedBy,
    onText,
    onSubmit,
    ref,
    className = "h-[34rem] max-sm:h-[26rem]",
  } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const [ready, setReady] = useState(false);
  const handlers = useRef({ onText, onSubmit });
  handlers.current = { onText, onSubmit };

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; what comes later comes through the handle
  useEffect(() => {
    if (!host.current) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const submit = () => {
      handlers.current.onSubmit();
      return true;
    };
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: initial,
        extensions: [
          ...BASE,
          EditorView.contentAttributes.of({
            "aria-label": "Sweep file",
            "aria-describedby": describedBy,
            tabindex: "0",
          }),
          keymap.of([{ key: "Mod-Enter", run: submit }]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            clearTimeout(timer);
            timer = setTimeout(() => handlers.current.onText(made.state.doc.toString()), QUIET_MS);
          }),
          BINDINGS,
        ],
      }),
    });
    view.current = made;
    setReady(true);
    return () => {
      clearTimeout(timer);
      view.current = null;
      made.destroy();
    };
  }, []);

  useEffect(() => {
    const made = view.current;
    if (!ready || !made) return;
    made.dispatch(
      setDiagnostics(
        made.state,
        findings.map((finding) => toMark(made.state.doc, finding)),
      ),
    );
  }, [findings, ready]);

  useImperativeHandle(ref, () => ({
    text: () => view.current?.state.doc.toString() ?? initial,
    replace(text) {
      const made = view.current;
      if (!made) return;
      made.dispatch({
        changes: { from: 0, to: made.state.doc.length, insert: text },
        selection: { anchor: 0 },
        annotations: isolateHistory.of("full"),
      });
      made.scrollDOM.scrollTop = 0;
      made.focus();
    },
    goTo(line, column) {
      const made = view.current;
      if (!made) return;
      const at = toPosition(made.state.doc, line, column);
      made.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      made.focus();
    },
  }));

  return (
    <div
      className={`relative overflow-hidden rounded-lg border border-line-strong bg-surface focus-within:border-focus ${className}`}
    >
      <div ref={host} className="h-full" />
      {!ready && (
        <textarea
          aria-label="Sweep file"
          defaultValue={initial}
          readOnly
          className="absolute inset-0 size-full resize-none bg-surface py-1 pl-14 font-mono text-[13px] leading-5"
        />
      )}
    </div>
  );
}

function toPosition(doc: Text, line: number, column: number): number {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(at.from + Math.max(column, 1) - 1, at.to);
}

/** From its place to the end of the word, so that there is something to underline. */
function toMark(
  doc: Text,
  { diagnostic, severity }: { diagnostic: Diagnostic; severity: "error" | "warning" },
): Mark {
  const { line = 1, column = 1, message, code } = diagnostic;
  const from = toPosition(doc, line, column);
  const { to: end, from: start, text } = doc.lineAt(from);
  const word = /^[^\s:,[\]{}#]+/.exec(text.slice(from - start))?.[0].length ?? 1;
  return { from, to: Math.min(from + word, end), severity, message, source: code };
}

const INK = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], fontWeight: "600" },
  { tag: tags.comment, color: "var(--ink-faint)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.content, tags.attributeValue], color: "var(--running)" },
  { tag: [tags.labelName, tags.typeName, tags.meta, tags.keyword], color: "var(--crash)" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--ink-soft)" },
]);

const LOOK = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono, ui-monospace, monospace)", lineHeight: "20px" },
  ".cm-content": { caretColor: "var(--ink)", paddingBottom: "4rem" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": {
    backgroundColor: "var(--sunken)",
    color: "var(--ink-faint)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLineGutter": { backgroundColor: "var(--quiet-wash)", color: "var(--ink)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--sunken) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--focus) 24%, transparent) !important",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--line-strong)",
  },
  ".cm-selectionMatch, .cm-searchMatch": {
    backgroundColor: "var(--best-wash)",
    outline: "1px solid var(--best-mark)",
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad-mark)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--best-mark)",
    textUnderlineOffset: "3px",
  },
  // Signs instead of CodeMirror's data: pictures, which a strict img-src would block.
  ".cm-lint-marker": {
    content: "normal",
    width: "14px",
    textAlign: "center",
    fontWeight: "700",
    lineHeight: "20px",
  },
  ".cm-lint-marker-error::after": { content: '"✕"', color: "var(--bad)" },
  ".cm-lint-marker-warning::after": { content: '"!"', color: "var(--best)" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--ink)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    boxShadow: "var(--shadow)",
    maxWidth: "30rem",
  },
  ".cm-key-help": { padding: "6px 10px", fontFamily: "var(--font-inter, sans-serif)", fontSize: "13px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--font-mono, ui-monospace, monospace)",
    fontSize: "13px",
    maxHeight: "16rem",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--quiet-wash)",
    color: "var(--ink)",
  },
  ".cm-completionDetail": { color: "var(--ink-faint)", fontStyle: "normal" },
  ".cm-completionInfo": {
    padding: "6px 10px",
    fontFamily: "var(--font-inter, sans-serif)",
    fontSize: "13px",
  },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--font-inter, sans-serif)" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad-mark)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--best-mark)" },
  ".cm-diagnosticSource": { fontSize: "11px", opacity: "1", color: "var(--ink-faint)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panels .cm-textfield": {
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    fontSize: "13px",
  },
  ".cm-panels .cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
    fontSize: "12px",
  },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--quiet-wash)", color: "var(--ink)" },
});

const BASE = [
  lineNumbers(),
  lintGutter(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSpecialChars(),
  highlightSelectionMatches(),
  history(),
  drawSelection(),
  indentOnInput(),
  indentUnit.of("  "),
  bracketMatching(),
  search({ top: true }),
  yaml(),
  sweepFileHelp,
  syntaxHighlighting(INK),
  LOOK,
];

/** Tab indents; Escape and then Tab leaves, which CodeMirror knows by itself (WCAG 2.1.2). */
const BINDINGS = keymap.of([
  ...searchKeymap,
  ...historyKeymap,
  ...lintKeymap,
  indentWithTab,
  ...defaultKeymap,
]);
