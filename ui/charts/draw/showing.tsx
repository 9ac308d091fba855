import { formatCount } from "@/ui/format";

/** Never silently a part: says so wherever fewer are shown than there are, and nothing where all are. */
export function Showing(props: { shown: number; total: number; what?: string; why?: string }) {
  const { shown, total, what = "runs", why } = props;
  if (shown >= total) return null;
  return (
    <span className="figures text-ink-faint text-xs">
      showing {formatCount(shown)} of {formatCount(total)} {what}
      {why && `: ${why}`}
    </span>
  );
}
