import type { Progress, Tone } from "../prepare/progress";

const FILL: Readonly<Record<Tone, string>> = {
  good: "var(--good-mark)",
  running: "var(--running-mark)",
  bad: "var(--bad-mark)",
  crash: "var(--crash-mark)",
  quiet: "var(--quiet-mark)",
  empty: "var(--quiet-wash)",
};

/** Every run has its place, from the first to the last: swept, being swept, to come. */
export function ProgressStrip({ progress }: { progress: Progress }) {
  const drawn = progress.cells ? <Cells cells={progress.cells} /> : <Segments segments={progress.segments} />;
  if (progress.percent === undefined)
    return (
      <div role="img" aria-label={progress.summary} className="flex items-end gap-px">
        <div className="min-w-0 grow">{drawn}</div>
        {/* Only what is to come fades out: what is done is as solid as on every other strip. */}
        {progress.open && (
          <span
            title="No end is set"
            className="mask-r-from-20% mask-r-to-100% h-5 w-12"
            style={{ background: "var(--quiet-mark)" }}
          />
        )}
      </div>
    );
  return (
    <div
      role="progressbar"
      aria-label="Progress"
      aria-valuenow={progress.percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={progress.summary}
    >
      {drawn}
    </div>
  );
}

function Cells({ cells }: { cells: NonNullable<Progress["cells"]> }) {
  return (
    <div className={`flex h-7 items-end ${cells.length > 90 ? "gap-px" : "gap-0.5"}`}>
      {cells.map((cell, i) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place in the strip
          key={i}
          title={cell.title}
          style={{ background: cell.best ? "var(--best-mark)" : FILL[cell.tone] }}
          className={`min-w-0 grow rounded-[2px] transition-colors duration-500 motion-reduce:transition-none ${
            cell.best ? "h-7" : "h-5"
          } ${cell.tone === "running" ? "breathe" : ""}`}
        />
      ))}
    </div>
  );
}

function Segments({ segments }: { segments: Progress["segments"] }) {
  return (
    <div className="flex h-5 gap-px overflow-hidden rounded-[3px]">
      {segments.map((segment) => (
        <span
          key={segment.label}
          title={`${segment.count} ${segment.label}`}
          style={{ flexGrow: segment.share, background: FILL[segment.tone] }}
          className={`min-w-0.5 basis-0 ${segment.tone === "running" ? "breathe" : ""}`}
        />
      ))}
    </div>
  );
}

/** The same in words, with the colours named once. */
export function ProgressLegend({ progress }: { progress: Progress }) {
  return (
    <ul className="figures flex flex-wrap gap-x-4 gap-y-0.5 text-ink-soft text-sm">
      {progress.segments.map((segment) => (
        <li key={segment.label} className="inline-flex items-center gap-1.5">
          <span
            className="size-2 rounded-[2px] outline outline-line-strong/40"
            style={{ background: FILL[segment.tone] }}
          />
          {segment.count.toLocaleString("en-US")} {segment.label}
        </li>
      ))}
      {progress.open && <li className="text-ink-faint">no end is set</li>}
    </ul>
  );
}
