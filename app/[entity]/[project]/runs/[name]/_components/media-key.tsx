"use client";

import { formatBytes } from "@/app/_lib/facts";
import { toHere } from "@/app/_lib/file-address";
import { type SeenMedia, useMedia } from "@/app/_live/use-media";
import { useNear } from "@/app/_live/use-near";
import type { MediaKind } from "@/core/media";
import type { MediaEntry, MediaItem } from "@/graphql/operations/run-media";
import type { RunHead } from "@/graphql/operations/run-page";
import { formatCount } from "@/ui/format";
import { DownloadIcon } from "@/ui/kit/icons";
import { MediaHistogram } from "./media-histogram";
import { MediaImages } from "./media-images";
import { MediaTable } from "./media-table";
import { StepSlider } from "./step-slider";

/** Room that is kept before the first answer. */
const ROOM: { readonly [kind in MediaKind]?: string } = {
  image: "min-h-56",
  table: "min-h-56",
  histogram: "min-h-64",
  html: "min-h-96",
};

/** All of one name: what was logged at the chosen step, and the steps to choose from. */
export function MediaKey({ head, name, kind }: { head: RunHead; name: string; kind: MediaKind }) {
  const [ref, near] = useNear<HTMLElement>();
  const seen = useMedia(head, name, near);
  const { steps, total, entry, step, choose } = seen;
  return (
    <article ref={ref} aria-label={name} data-media={name}>
      <div className="mb-1 flex min-h-8 items-center gap-2">
        <h3 className="min-w-0 grow truncate font-medium text-sm" title={name}>
          {name}
        </h3>
        {steps && steps.length < total && (
          <span className="figures text-ink-faint text-xs">
            showing {formatCount(steps.length)} of {formatCount(total)} steps
          </span>
        )}
      </div>
      <div className={ROOM[kind] ?? "min-h-16"}>
        {entry ? <Shown head={head} name={name} entry={entry} seen={seen} /> : <Waiting seen={seen} />}
      </div>
      {steps && step !== undefined && steps.length > 1 && (
        <StepSlider name={name} steps={steps} step={step} onChoose={choose} />
      )}
    </article>
  );
}

function Waiting({ seen: { failed, steps } }: { seen: SeenMedia }) {
  if (failed) return <p className="text-bad text-sm">The server could not be reached. It is asked again.</p>;
  // Its name is in the summary; retention took the history.
  return steps?.length === 0 ? (
    <p className="text-ink-faint text-sm">What was logged is no longer kept.</p>
  ) : null;
}

function Shown(props: { head: RunHead; name: string; entry: MediaEntry; seen: SeenMedia }) {
  const { head, name, entry, seen } = props;
  const { items, step } = entry;
  const images = items.filter(({ kind }) => kind === "image");
  const others = items.filter(({ kind }) => kind !== "image");
  return (
    <div className="space-y-3">
      {images.length > 0 && <MediaImages name={name} step={step} images={images} />}
      {others.map((item, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a thing is its place, and keeps its element while its step changes
        <Thing key={i} head={head} name={name} step={step} item={item} at={items.indexOf(item)} seen={seen} />
      ))}
      {items.length === 0 && <p className="text-ink-faint text-sm">What was logged here can't be shown.</p>}
    </div>
  );
}

function Thing(props: {
  head: RunHead;
  name: string;
  step: number;
  item: MediaItem;
  at: number;
  seen: SeenMedia;
}) {
  const { head, name, step, item, at, seen } = props;
  if (item.kind === "histogram")
    return <MediaHistogram runId={head.id} name={name} step={step} item={item} total={seen.total} />;
  if (item.kind === "table")
    return <MediaTable runId={head.id} name={name} step={step} item={item} at={at} />;
  const address = item.url === null ? undefined : toHere(item.url);
  const title = item.caption ?? `${name} at step ${formatCount(step)}`;
  return (
    <figure className="min-w-0">
      {address === undefined ? (
        <p className="rounded-lg bg-sunken px-4 py-6 text-center text-ink-faint text-sm">
          {item.path === null ? "Its bytes lie elsewhere." : "Its file has not come yet."}
        </p>
      ) : (
        <Player item={item} address={address} title={title} />
      )}
      {item.caption && (
        <figcaption className="wrap-anywhere mt-1 text-ink-soft text-xs">{item.caption}</figcaption>
      )}
    </figure>
  );
}

function Player({ item, address, title }: { item: MediaItem; address: string; title: string }) {
  const { kind, frameUrl, path } = item;
  if (kind === "audio")
    // biome-ignore lint/a11y/useMediaCaption: nobody logs captions to a sound; what it says stands below
    return <audio controls preload="none" src={address} aria-label={title} className="w-full" />;
  if (kind === "video" && path?.toLowerCase().endsWith(".gif"))
    return (
      // biome-ignore lint/performance/noImgElement: bytes of a signed address, which are shown as they are
      <img
        src={address}
        alt={title}
        loading="lazy"
        className="max-h-96 w-full rounded-md bg-sunken object-contain"
      />
    );
  if (kind === "video")
    return (
      // biome-ignore lint/a11y/useMediaCaption: as above
      <video
        controls
        preload="metadata"
        src={address}
        aria-label={title}
        className="max-h-96 w-full rounded-md bg-sunken"
      />
    );
  if (kind === "html" && frameUrl !== null)
    return (
      // Whatever is in it believes in white paper, and gets it in a dark page too.
      <iframe
        src={toHere(frameUrl)}
        title={title}
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        loading="lazy"
        className="h-96 w-full resize-y overflow-auto rounded-md border border-line"
        style={{ background: "#fff", colorScheme: "light" }}
      />
    );
  return <Download item={item} address={address} />;
}

/** What a browser can't show. */
function Download({ item: { path, size }, address }: { item: MediaItem; address: string }) {
  const name = path?.slice(path.lastIndexOf("/") + 1) ?? "file";
  return (
    <a
      href={address}
      download={name}
      className="inline-flex min-h-8 max-w-full items-center gap-2 rounded-md border border-line-strong bg-surface px-2.5 text-sm hover:bg-sunken"
    >
      <DownloadIcon />
      <span className="min-w-0 truncate">{name}</span>
      {size !== null && <span className="figures shrink-0 text-ink-faint">{formatBytes(size)}</span>}
    </a>
  );
}
