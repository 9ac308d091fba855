import type { Quantum } from "@/core/parameter";
import type { Findings, Path } from "./diagnostics";
import { childOf, type MapNode, type NumberRead, numberIn, type Position, show } from "./tree";

/** Reads the numbers of one parameter and says what is wrong with them. */
export class NumberReader {
  constructor(
    private readonly map: MapNode,
    private readonly path: Path,
    private readonly findings: Findings,
  ) {}

  warn(code: string, message: string): void {
    this.findings.warn(code, message, this.path, this.map.at);
  }

  real(key: string, fallback?: number): number | undefined {
    return this.number(key, fallback)?.value;
  }

  positive(key: string, fallback?: number): number | undefined {
    const read = this.number(key, fallback);
    if (!read || read.value > 0) return read?.value;
    this.refuse(
      "NUMBER_NOT_POSITIVE",
      key,
      `must be greater than 0, not ${read.value}${key === "min" ? ", because its logarithm is taken. Start a little above, or use `uniform`" : ""}`,
    );
    return undefined;
  }

  notNegative(key: string, fallback: number): number | undefined {
    const read = this.number(key, fallback);
    if (!read || read.value >= 0) return read?.value;
    this.refuse("NUMBER_NEGATIVE", key, `must not be below 0, and is ${read.value}`);
    return undefined;
  }

  /** W&B wants the integer's spelling here; a whole float is as clear. */
  whole(key: string): number | undefined {
    const read = this.number(key);
    if (!read) return undefined;
    if (!Number.isInteger(read.value)) {
      this.refuse(
        "NUMBER_NOT_WHOLE",
        key,
        `must be an integer for int_uniform, not ${read.value}; \`distribution: uniform\` takes floats`,
      );
      return undefined;
    }
    if (!read.integer)
      this.findings.warn(
        "NUMBER_WHOLE_FLOAT",
        `\`${this.name}\`: \`${key}\` is read as the integer ${read.value}; W&B would not take a float for int_uniform`,
        [...this.path, key],
        this.at(key),
      );
    if (Number.isSafeInteger(read.value)) return read.value;
    const limit = Math.sign(read.value) * Number.MAX_SAFE_INTEGER;
    this.findings.warn(
      "NUMBER_CLAMPED",
      `\`${this.name}\`: \`${key}\` is read as ${limit} (2^53 - 1), the last integer that every program reads exactly`,
      [...this.path, key],
      this.at(key),
    );
    return limit;
  }

  quantum(): Quantum | undefined {
    const q = this.positive("q", 1);
    const written = childOf(this.map, "q");
    // W&B fills in 1.0, a float
    return q === undefined
      ? undefined
      : { q, integer: written ? numberIn(written)?.integer === true : false };
  }

  /** Whether all of these were written as integers, not as 0.0 or 1e3. */
  areIntegers(...keys: readonly string[]): boolean {
    return keys.every((key) => this.number(key)?.integer === true);
  }

  ascending(min: number, max: number, name: string): boolean {
    if (min < max) return true;
    const message =
      min === max
        ? `\`${name}\`: min and max are both ${min}; for a fixed value write \`value: ${min}\``
        : `\`${name}\`: min ${min} must be below max ${max}; exchange the two`;
    this.findings.error("BOUNDS_ORDER", message, this.path, this.at("min"));
    return false;
  }

  private number(key: string, fallback?: number): NumberRead | undefined {
    const node = childOf(this.map, key);
    if (!node) return fallback === undefined ? undefined : { value: fallback, integer: false };
    const read = numberIn(node);
    if (read && Number.isFinite(read.value)) return read;
    const quoted =
      node.kind === "scalar" && node.quoted && node.text.trim() !== "" && Number.isFinite(Number(node.text));
    const way = quoted ? "; remove the quotes" : read ? "; W&B draws NaN or infinity from it" : "";
    this.refuse("NUMBER_EXPECTED", key, `must be a finite number, not ${show(node)}${way}`);
    return undefined;
  }

  private refuse(code: string, key: string, what: string): void {
    this.findings.error(code, `\`${this.name}\`: \`${key}\` ${what}`, [...this.path, key], this.at(key));
  }

  private get name(): string {
    return this.path.at(-1) ?? "";
  }

  private at(key: string): Position | undefined {
    const entry = this.map.entries.get(key);
    return entry?.node.at ?? entry?.keyAt ?? this.map.at;
  }
}
