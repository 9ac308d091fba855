import type { Brush } from "@/ui/charts/prepare/brush";
import type { Dimension } from "@/ui/charts/prepare/dimension";

/** A brush in a few words: "lr 0.001 to 0.01, or no value". */
export function describeBrush(dimension: Dimension | undefined, id: string, brush: Brush): string {
  const name = dimension?.label ?? id.replace(/^[pmf]\./, "");
  const format = (value: number | string) => dimension?.format(value) ?? String(value);
  const parts = [
    ...(brush.ranges ?? []).map(([low, high]) =>
      low === high
        ? format(low)
        : low === Number.NEGATIVE_INFINITY
          ? `up to ${format(high)}`
          : high === Number.POSITIVE_INFINITY
            ? `from ${format(low)}`
            : `${format(low)} to ${format(high)}`,
    ),
    ...(brush.values ?? []).map(format),
    ...(brush.missing ? ["no value"] : []),
  ];
  const text = `${name} ${parts.join(" or ")}`;
  return dimension ? text : `${text}: no run here has it, so it is not applied`;
}
