import { unknownMacros } from "@/core/command";
import { toPythonText } from "@/core/python";
import type { Findings } from "./diagnostics";
import { childOf, isListNode, isMap, isScalar, type Node, numberIn, show, toValue } from "./tree";

/**
 * The command as a list of texts. W&B's agent takes str() of each item and falls back to the default command when
 * it is no list.
 */
export function readCommand(node: Node, findings: Findings): readonly string[] | undefined {
  if (!isListNode(node)) {
    const message = `\`command\` is ignored, the default is used: it is a list with one argument an item, such as \`[python, train.py, "\${args}"]\`, not ${show(node)}`;
    findings.warn("COMMAND_IGNORED", message, ["command"], node.at);
    return undefined;
  }
  const items = node.items.map(toArgument);
  for (const { chunk, macro, effect, suggestion } of unknownMacros(items)) {
    const fate = effect === "dropped" ? "is left out" : "is passed on as it stands";
    const way =
      suggestion === undefined
        ? ""
        : suggestion === macro
          ? "; it needs an item of its own"
          : `; did you mean \`${suggestion}\`?`;
    const message = `\`${macro}\` in \`command\` is no macro there and ${fate}${way}`;
    findings.warn("COMMAND_MACRO_UNKNOWN", message, ["command", String(chunk)], node.items[chunk]?.at);
  }
  return items.length > 0 ? items : undefined;
}

/** A number that W&B's loader reads as text goes on as it was written; others as Python prints them. */
function toArgument(node: Node): string {
  if (isScalar(node) && (node.quoted || node.reading?.wandb === "text")) return node.text;
  return toPythonText(toValue(node));
}

/** A text such as a name; other scalars are taken as they were written. */
export function readText(node: Node | undefined, key: string, findings: Findings): string | undefined {
  if (!node || (isScalar(node) && node.value === null && !node.quoted)) return undefined;
  if (!isScalar(node)) {
    findings.warn("TEXT_EXPECTED", `\`${key}\` is ignored: it is a text, not ${show(node)}`, [key], node.at);
    return undefined;
  }
  if (typeof node.value !== "string" && node.reading?.wandb !== "text")
    findings.warn(
      "TEXT_EXPECTED",
      `\`${key}: ${show(node)}\` is read as the text "${node.text}"; put quotes around it`,
      [key],
      node.at,
    );
  return node.text;
}

export function readRunCap(node: Node, findings: Findings): number | undefined {
  const read =
    numberIn(node) ??
    (isScalar(node) && /^\d+$/.test(node.text) ? { value: Number(node.text), integer: false } : undefined);
  if (!read || !Number.isSafeInteger(read.value) || read.value < 1) {
    const message = `\`run_cap: ${show(node)}\` is ignored, so the number of runs has no limit: it is an integer above 0`;
    findings.warn("RUN_CAP_IGNORED", message, ["run_cap"], node.at);
    return undefined;
  }
  if (!read.integer)
    findings.warn(
      "RUN_CAP_NOT_INTEGER",
      `\`run_cap: ${show(node)}\` is read as ${read.value}; write it as an integer`,
      ["run_cap"],
      node.at,
    );
  return read.value;
}

export function readController(node: Node, findings: Findings): "local" | "cloud" | undefined {
  const type = isMap(node) ? childOf(node, "type") : undefined;
  if (isScalar(type) && (type.text === "local" || type.text === "cloud")) return type.text;
  const message = `\`controller\` is ignored: it is \`{type: local}\` or \`{type: cloud}\`, not ${show(node)}`;
  findings.warn("CONTROLLER_IGNORED", message, ["controller"], node.at);
  return undefined;
}
