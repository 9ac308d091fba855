import type { SortKey } from "@/core/filter/order";
import type { Filter } from "@/core/filter/tree";
import type { Slice } from "@/db/queries/list-page";

/** What a list is asked for, checked. Apart from list.ts, which knows the builder, whose context knows the loaders. */
export interface ListQuery extends Slice {
  readonly filter?: Filter | undefined;
  readonly order: readonly SortKey[];
  /** The moment of the list's first page, in ms. */
  readonly asOf: number;
}
