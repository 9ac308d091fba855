"use client";

import { useEffect, useRef, useState } from "react";
import { toHere } from "@/app/_lib/file-address";
import type { MediaItem, MediaLayer } from "@/graphql/operations/run-media";
import { useTheme } from "@/ui/charts/draw/use-theme";
import { type Box, readBoxes } from "./media-boxes";

/** Narrower ones are enlarged dot by dot: a digit of 28 dots is no blur. */
const FEW_DOTS = 128;

/** One picture as large as there is room, with what lies over it. */
export function MediaPicture(props: {
  image: MediaItem;
  /** What readers hear. */
  title: string;
  /** Names of the layers that are shown. */
  layers: readonly string[];
  maxRem: number;
  /** Boxes say what they are. */
  named?: boolean;
}) {
  const { image, title, layers, maxRem, named = false } = props;
  const [size, setSize] = useState<readonly [number, number]>();
  const [width, height] = size ?? [image.width ?? 1, image.height ?? 1];
  const ratio = width > 0 && height > 0 ? width / height : 1;
  if (image.url === null)
    return (
      <span className="grid min-h-24 w-full place-items-center px-2 text-center text-ink-faint text-xs">
        {image.path === null ? "Its bytes lie elsewhere." : "Its file has not come yet."}
      </span>
    );
  return (
    <span
      className="relative block"
      style={{ aspectRatio: String(ratio), width: `min(100%, ${Math.round(maxRem * ratio * 100) / 100}rem)` }}
    >
      {/* biome-ignore lint/performance/noImgElement: bytes of a signed address, which are shown as they are */}
      <img
        src={toHere(image.url)}
        alt={title}
        loading="lazy"
        decoding="async"
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
          // Of several pictures only the first one's size was logged; a drawing may have none.
          if (naturalWidth > 0 && naturalHeight > 0 && (naturalWidth !== width || naturalHeight !== height))
            setSize([naturalWidth, naturalHeight]);
        }}
        className={`absolute inset-0 size-full ${width < FEW_DOTS ? "[image-rendering:pixelated]" : ""}`}
      />
      {image.layers
        .filter(({ name, url }) => url !== null && layers.includes(name))
        .map((layer) =>
          layer.kind === "boxes" ? (
            <Boxes key={`boxes ${layer.name}`} layer={layer} width={width} height={height} named={named} />
          ) : (
            <Mask key={`mask ${layer.name}`} layer={layer} />
          ),
        )}
    </span>
  );
}

function Boxes(props: { layer: MediaLayer; width: number; height: number; named: boolean }) {
  const { layer, width, height, named } = props;
  const [boxes, setBoxes] = useState<readonly Box[]>([]);
  const theme = useTheme();
  const { url } = layer;
  useEffect(() => {
    if (url === null) return;
    const left = new AbortController();
    fetch(toHere(url), { signal: left.signal })
      .then((response) => response.json() as Promise<unknown>)
      .then((json) => setBoxes(readBoxes(json, { width, height })))
      .catch(() => {});
    return () => left.abort();
  }, [url, width, height]);
  return boxes.map((box, i) => (
    <span
      // biome-ignore lint/suspicious/noArrayIndexKey: a box is its place
      key={i}
      aria-hidden="true"
      className="absolute border-2"
      style={{
        borderColor: theme.category(box.category),
        // On a picture of its own colour it is still seen.
        boxShadow: "0 0 0 1px var(--paper)",
        left: `${100 * box.left}%`,
        top: `${100 * box.top}%`,
        width: `${100 * box.width}%`,
        height: `${100 * box.height}%`,
      }}
    >
      {named && box.label && (
        <span
          className="absolute bottom-full -left-0.5 max-w-40 truncate px-1 text-2xs text-paper"
          style={{ background: theme.category(box.category) }}
        >
          {box.label}
        </span>
      )}
    </span>
  ));
}

/** A dot's value is its class: 0 is nothing, the others get the colours of series. */
function Mask({ layer: { url } }: { layer: MediaLayer }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  useEffect(() => {
    const [canvas, context] = [ref.current, ref.current?.getContext("2d")];
    if (url === null || !canvas || !context) return;
    let gone = false;
    const picture = new Image();
    picture.src = toHere(url);
    picture.decode().then(
      () => {
        if (gone) return;
        [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
        context.drawImage(picture, 0, 0);
        const dots = context.getImageData(0, 0, canvas.width, canvas.height);
        for (let at = 0; at < dots.data.length; at += 4) {
          const value = dots.data[at] ?? 0;
          const color = theme.category(value - 1);
          for (let part = 0; part < 3; part++)
            dots.data[at + part] = Number.parseInt(color.slice(1 + 2 * part, 3 + 2 * part), 16);
          dots.data[at + 3] = value === 0 ? 0 : 128;
        }
        context.putImageData(dots, 0, 0);
      },
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [url, theme]);
  return (
    <span aria-hidden="true" className="absolute inset-0">
      <canvas ref={ref} className="size-full [image-rendering:pixelated]" />
    </span>
  );
}
