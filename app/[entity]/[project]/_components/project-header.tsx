import Link from "next/link";
import { toNewSweepPath, toProjectPath, toProjectSettingsPath } from "@/app/_lib/paths";
import { formatCount } from "@/ui/format";
import { buttonLook } from "@/ui/kit/button";

export type ProjectTab = "sweeps" | "runs" | "agents";

/** What the project is, what can be done in it, and its two lists. */
export function ProjectHeader(props: {
  project: {
    name: string;
    description: string | null;
    entity: { name: string };
    viewerCanEdit: boolean;
    allSweeps: { totalCount: number };
    allRuns: { totalCount: number };
  };
  tab: ProjectTab;
}) {
  const { project, tab } = props;
  const at = [project.entity.name, project.name] as const;
  const href = toProjectPath(...at);
  return (
    <header>
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-0 grow basis-80">
          <h1 className="break-words font-semibold text-xl tracking-tight">
            <span className="font-normal text-ink-faint">{project.entity.name} / </span>
            {project.name}
          </h1>
          {project.description && (
            <p className="mt-1 max-w-prose text-pretty text-ink-soft">{project.description}</p>
          )}
        </div>
        <div className="flex gap-2">
          <Link href={toProjectSettingsPath(...at)} className={buttonLook("line")}>
            Settings
          </Link>
          {project.viewerCanEdit && (
            <Link href={toNewSweepPath(...at)} className={buttonLook("solid")}>
              New sweep
            </Link>
          )}
        </div>
      </div>
      <nav aria-label="Lists of the project" className="mt-4 border-line border-b">
        <ul className="flex gap-5">
          <Tab href={href} label="Sweeps" count={project.allSweeps.totalCount} open={tab === "sweeps"} />
          <Tab
            href={`${href}?tab=runs`}
            label="Runs"
            count={project.allRuns.totalCount}
            open={tab === "runs"}
          />
          <Tab href={`${href}/agents`} label="Agents" open={tab === "agents"} />
        </ul>
      </nav>
    </header>
  );
}

function Tab(props: { href: string; label: string; count?: number; open: boolean }) {
  const { href, label, count, open } = props;
  return (
    <li>
      <Link
        href={href}
        {...(open && { "aria-current": "page" as const })}
        className={`-mb-px inline-flex min-h-10 items-center gap-1.5 border-b-2 px-1 text-sm ${
          open
            ? "border-ink font-semibold text-ink"
            : "border-transparent text-ink-soft hover:border-line-strong hover:text-ink"
        }`}
      >
        {label}
        {count !== undefined && (
          <span className="figures font-normal text-ink-faint">{formatCount(count)}</span>
        )}
      </Link>
    </li>
  );
}
