import type { Access } from "@/core/access";
import type { Database } from "../client";

/** What others may see of a user. */
export interface PersonRow {
  id: number;
  name: string;
  displayName: string | null;
}

/** For callers who met the number in a row that they may see; a run's key meets no people. */
export async function getPeople(
  { sql }: Database,
  access: Access,
  ids: readonly number[],
): Promise<PersonRow[]> {
  if (access.kind === "run") return [];
  return sql<PersonRow[]>`
    select u.id, e.name, u.display_name as "displayName"
    from users u join entities e on e.id = u.entity_id where u.id = any(${[...ids]}::int[])`;
}
