import type { RunGroup } from "@/ui/charts/prepare/group-rows";
import { formatNumber, plural } from "@/ui/format";
import { FoldIcon } from "@/ui/kit/icons";
import { ROW_PX } from "./run-row";

/** The head of the runs that agree in a column: how many they are, the best of them and their mean. */
export function GroupRow(props: {
  id: string;
  index: number;
  group: RunGroup;
  label: string;
  open: boolean;
  cells: number;
  active: boolean;
  onToggle: () => void;
}) {
  const { id, index, group, label, open, cells, active, onToggle } = props;
  const { count, best, mean } = group;
  return (
    <tr
      data-key={id}
      aria-rowindex={index}
      tabIndex={active ? 0 : -1}
      style={{ height: ROW_PX }}
      className="bg-sunken focus-visible:outline-offset-[-2px]"
    >
      <td colSpan={cells} className="border-line border-b p-0">
        <button
          type="button"
          tabIndex={-1}
          aria-expanded={open}
          onClick={onToggle}
          className="sticky left-0 flex h-full min-h-8 w-fit max-w-[90vw] items-center gap-2 px-2.5 text-left"
        >
          <span className={open ? "rotate-90" : ""}>
            <FoldIcon />
          </span>
          <span className="truncate font-medium">{label}</span>
          <span className="figures whitespace-nowrap text-ink-soft">{plural(count, "run")}</span>
          {best !== undefined && (
            <span className="figures whitespace-nowrap text-ink-soft">
              best <span className="text-ink">{formatNumber(best)}</span>
            </span>
          )}
          {mean !== undefined && (
            <span className="figures whitespace-nowrap text-ink-soft">
              mean <span className="text-ink">{formatNumber(mean)}</span>
            </span>
          )}
        </button>
      </td>
    </tr>
  );
}
