"use client";

import { useEffect, useState } from "react";
import { toHere } from "@/app/_lib/file-address";
import type { MediaItem } from "@/graphql/operations/run-media";
import { formatCount } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Dialog } from "@/ui/kit/dialog";
import { DownloadIcon } from "@/ui/kit/icons";
import { Toggle } from "@/ui/kit/toggle";
import { MediaPicture } from "./media-picture";

/** So many of one step are drawn unasked; W&B's client logs 108 at most. */
const FEW_IMAGES = 12;

/** The pictures of one step; a click makes one large. */
export function MediaImages({
  name,
  step,
  images,
}: {
  name: string;
  step: number;
  images: readonly MediaItem[];
}) {
  const [all, setAll] = useState(false);
  const [large, setLarge] = useState<number>();
  const layers = [...new Set(images.flatMap((image) => image.layers.map((layer) => layer.name)))];
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const shown = all ? images : images.slice(0, FEW_IMAGES);
  const visible = layers.filter((layer) => !hidden.includes(layer));
  return (
    <div>
      {layers.length > 0 && (
        <div className="mb-2 flex flex-wrap gap-1.5">
          {layers.map((layer) => (
            <Toggle
              key={layer}
              pressed={!hidden.includes(layer)}
              onToggle={(on) => setHidden(on ? hidden.filter((one) => one !== layer) : [...hidden, layer])}
            >
              {layer}
            </Toggle>
          ))}
        </div>
      )}
      <ul
        className={`grid gap-2 ${images.length === 1 ? "" : images.length < 5 ? "grid-cols-2" : "grid-cols-3"}`}
      >
        {shown.map((image, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a picture is its place, and keeps its element while the step changes: nothing flashes
          <li key={i} className="min-w-0">
            <figure>
              <button
                type="button"
                disabled={image.url === null}
                onClick={() => setLarge(i)}
                aria-label={`Enlarge ${toTitle(name, image, i, images.length)}`}
                className="flex w-full items-center justify-center overflow-hidden rounded-md bg-sunken enabled:cursor-zoom-in"
              >
                <MediaPicture
                  image={image}
                  title={toTitle(name, image, i, images.length)}
                  layers={visible}
                  maxRem={20}
                />
              </button>
              {image.caption && (
                <figcaption
                  className="wrap-anywhere mt-1 line-clamp-3 text-ink-soft text-xs"
                  title={image.caption}
                >
                  {image.caption}
                </figcaption>
              )}
            </figure>
          </li>
        ))}
      </ul>
      {shown.length < images.length && (
        <p className="mt-2">
          <Button onClick={() => setAll(true)}>Show all {formatCount(images.length)}</Button>
        </p>
      )}
      <Large
        {...{ name, step, images, layers: visible }}
        at={large === undefined ? undefined : Math.min(large, images.length - 1)}
        onTurn={setLarge}
      />
    </div>
  );
}

function Large(props: {
  name: string;
  step: number;
  images: readonly MediaItem[];
  layers: readonly string[];
  at: number | undefined;
  onTurn: (at: number | undefined) => void;
}) {
  const { name, step, images, layers, at, onTurn } = props;
  const image = at === undefined ? undefined : images[at];
  const { length } = images;
  const turn = (by: number) => onTurn(((at ?? 0) + by + length) % length);
  useEffect(() => {
    if (at === undefined || length < 2) return;
    const press = ({ key }: KeyboardEvent) => {
      const by = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? length - 1 : undefined;
      if (by !== undefined) onTurn((at + by) % length);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [at, length, onTurn]);
  return (
    <Dialog
      open={image !== undefined}
      title={`${name} at step ${formatCount(step)}`}
      onClose={() => onTurn(undefined)}
      className="w-[min(64rem,calc(100vw-2rem))]"
    >
      {image && at !== undefined && (
        <div>
          <div className="mt-3 flex justify-center overflow-hidden rounded-md bg-sunken">
            <MediaPicture
              key={at}
              image={image}
              title={toTitle(name, image, at, images.length)}
              layers={layers}
              maxRem={36}
              named
            />
          </div>
          {image.caption && (
            <p className="wrap-anywhere mt-2 max-h-24 overflow-auto text-sm">{image.caption}</p>
          )}
          <div className="mt-3 flex flex-wrap items-center gap-2 text-xs">
            {length > 1 && (
              <>
                <Button onClick={() => turn(-1)}>Previous</Button>
                <Button onClick={() => turn(1)}>Next</Button>
                <span className="figures text-ink-faint" role="status">
                  {at + 1} of {formatCount(length)}
                </span>
              </>
            )}
            <span className="ml-auto flex items-center gap-2">
              {image.url !== null && (
                <a
                  href={toHere(image.url)}
                  download
                  className="inline-flex min-h-8 items-center gap-1.5 px-1 text-link underline-offset-2 hover:underline"
                >
                  <DownloadIcon />
                  Download
                </a>
              )}
              <Button onClick={() => onTurn(undefined)}>Close</Button>
            </span>
          </div>
        </div>
      )}
    </Dialog>
  );
}

const toTitle = (name: string, { caption }: MediaItem, i: number, count: number): string =>
  caption ?? (count === 1 ? name : `${name}, ${i + 1} of ${formatCount(count)}`);
