import type { Place, Role } from "@/graphql/operations/accounts";
import type { Choice } from "@/ui/kit/select";

export const ROLE_CHOICES: readonly (Choice & { value: Role })[] = [
  { value: "viewer", label: "Viewer" },
  { value: "member", label: "Member" },
  { value: "admin", label: "Admin" },
];

export const toPlaceName = (place: Place): string =>
  "team" in place ? place.team : `${place.entity}/${place.project}`;

/** What the three words mean. */
export function RolesExplained() {
  return (
    <p className="mb-3 max-w-2xl text-ink-soft">
      Viewers see everything. Members also create sweeps and run agents. Admins also decide about members,
      settings and deletion.
    </p>
  );
}
