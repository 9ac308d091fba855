import { formatNumber } from "@/ui/format";

/** What several runs are compared by: attributes as rows, runs as columns. */

/** A value as it is shown, with all its digits for whoever points at it. */
export interface ComparedValue {
  readonly text: string;
  readonly title?: string;
  /** Of what can be subtracted. */
  readonly number?: number;
}

export interface ComparedAttribute {
  readonly section: string;
  readonly name: string;
  /** One a run; undefined where it has none. */
  readonly values: readonly (ComparedValue | undefined)[];
}

export interface ComparedRow extends ComparedAttribute {
  /** Not all runs have the same. */
  readonly differs: boolean;
  /** Against the reference run, where both are numbers: "+0.02". */
  readonly differences: readonly (string | undefined)[];
}

export interface ComparedSection {
  readonly name: string;
  readonly rows: readonly ComparedRow[];
  /** Rows in which all runs are alike, left out when only differences are asked for. */
  readonly alike: number;
}

/** Sections as they came; in each the rows that differ first, in their order. */
export function compareRuns(
  attributes: readonly ComparedAttribute[],
  { reference, onlyDifferences = false }: { reference?: number | undefined; onlyDifferences?: boolean },
): ComparedSection[] {
  const sections = new Map<string, ComparedRow[]>();
  for (const attribute of attributes) {
    const rows = sections.get(attribute.section) ?? [];
    sections.set(attribute.section, rows);
    const differs = isDifferent(attribute.values);
    rows.push({
      ...attribute,
      differs,
      differences: attribute.values.map((value, i) =>
        reference === undefined || i === reference || !differs
          ? undefined
          : toDifference(value?.number, attribute.values[reference]?.number),
      ),
    });
  }
  return [...sections].map(([name, rows]) => {
    const differing = rows.filter(({ differs }) => differs);
    const alike = rows.filter(({ differs }) => !differs);
    return { name, rows: onlyDifferences ? differing : [...differing, ...alike], alike: alike.length };
  });
}

function isDifferent(values: ComparedAttribute["values"]): boolean {
  const [first] = values;
  return values.some((value) => (value?.title ?? value?.text) !== (first?.title ?? first?.text));
}

function toDifference(value: number | undefined, reference: number | undefined): string | undefined {
  if (value === undefined || reference === undefined) return undefined;
  const difference = value - reference;
  if (!Number.isFinite(difference)) return undefined;
  return difference === 0 ? "±0" : `${difference > 0 ? "+" : "−"}${formatNumber(Math.abs(difference), 4)}`;
}
