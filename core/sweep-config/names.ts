import type { Parameter, Parameters } from "@/core/parameter";

/** A name, or a dotted way, from a group on; names may hold dots themselves, so the longest name comes first. */
export function findIn(
  root: Parameters,
  scope: readonly string[],
  key: string,
): readonly string[] | undefined {
  let parameters = root;
  for (const name of scope) {
    const group = parameters.get(name);
    if (group?.kind !== "group") return undefined;
    parameters = group.parameters;
  }
  const found = walk(parameters, key.split("."));
  return found && [...scope, ...found];
}

function walk(parameters: Parameters, parts: readonly string[]): readonly string[] | undefined {
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join(".");
    const parameter = parameters.get(name);
    if (!parameter) continue;
    if (length === parts.length) return [name];
    if (parameter.kind !== "group") continue;
    const rest = walk(parameter.parameters, parts.slice(length));
    if (rest) return [name, ...rest];
  }
  return undefined;
}

/** Groups included. */
export function parameterAt(parameters: Parameters, names: readonly string[]): Parameter | undefined {
  const [first, ...rest] = names;
  const parameter = first === undefined ? undefined : parameters.get(first);
  if (rest.length === 0 || !parameter) return parameter;
  return parameter.kind === "group" ? parameterAt(parameter.parameters, rest) : undefined;
}

/** Of all leaves, dotted. */
export function leafNames(parameters: Parameters, prefix = ""): string[] {
  return [...parameters].flatMap(([name, parameter]) =>
    parameter.kind === "group" ? leafNames(parameter.parameters, `${prefix}${name}.`) : [prefix + name],
  );
}
