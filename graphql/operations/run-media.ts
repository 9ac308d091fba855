import type { MediaKind } from "@/core/media";
import { toDocument } from "./document";

/** What a run's page asks of pictures, tables and files, once somebody comes near them. */

/** At which steps something was logged under one name. */
export const MediaSteps = toDocument<
  { run: { media: { total: number; steps: number[] }[] } | null },
  { id: string; key: string }
>(/* GraphQL */ `
  query MediaSteps($id: ID!, $key: String!) {
    run(id: $id) { media(keys: [$key]) { total steps(samples: 1000) } }
  }
`);

export interface MediaLayer {
  name: string;
  kind: string;
  path: string;
  url: string | null;
}

export interface Bins {
  edges: number[];
  counts: number[];
}

export interface MediaItem {
  kind: MediaKind;
  caption: string | null;
  path: string | null;
  width: number | null;
  height: number | null;
  seconds: number | null;
  size: number | null;
  /** Null until its file has come. */
  url: string | null;
  frameUrl: string | null;
  rowCount: number | null;
  layers: MediaLayer[];
  histogram: Bins | null;
}

export interface MediaEntry {
  step: number;
  time: number;
  items: MediaItem[];
}

export const MediaAt = toDocument<
  { run: { media: { entries: MediaEntry[] }[] } | null },
  { id: string; key: string; step: number }
>(/* GraphQL */ `
  query MediaAt($id: ID!, $key: String!, $step: Float!) {
    run(id: $id) {
      media(keys: [$key]) {
        entries(last: 1, minStep: $step, maxStep: $step) {
          step time
          items {
            kind caption path width height seconds size url frameUrl rowCount
            layers { name kind path url }
            histogram { edges counts }
          }
        }
      }
    }
  }
`);

/** Histograms over all steps, so many that each has some pixels. */
export const HistogramsOver = toDocument<
  { run: { media: { entries: { step: number; items: { histogram: Bins | null }[] }[] }[] } | null },
  { id: string; key: string }
>(/* GraphQL */ `
  query HistogramsOver($id: ID!, $key: String!) {
    run(id: $id) { media(keys: [$key]) { entries(samples: 120) { step items { histogram { edges counts } } } } }
  }
`);

export interface TablePage {
  columns: string[];
  rows: unknown[][];
  endCursor: string | null;
}

export const TableRows = toDocument<
  { run: { media: { entries: { items: { table: TablePage | null }[] }[] }[] } | null },
  { id: string; key: string; step: number; first: number; after: string | null }
>(/* GraphQL */ `
  query TableRows($id: ID!, $key: String!, $step: Float!, $first: Int!, $after: String) {
    run(id: $id) {
      media(keys: [$key]) {
        entries(last: 1, minStep: $step, maxStep: $step) {
          items { table(first: $first, after: $after) { columns rows endCursor } }
        }
      }
    }
  }
`);

export interface ListedFile {
  name: string;
  size: number;
  type: string;
  updatedAt: string;
  url: string;
}

export interface ListedFolder {
  name: string;
  files: number;
  size: number;
}

export interface FilesPage {
  totalCount: number;
  nodes: ListedFile[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** One folder of a run's files. */
export const RunFolder = toDocument<
  { run: { folders: ListedFolder[]; files: FilesPage } | null },
  { id: string; prefix: string; first: number; after: string | null }
>(/* GraphQL */ `
  query RunFolder($id: ID!, $prefix: String!, $first: Int!, $after: String) {
    run(id: $id) {
      folders(prefix: $prefix) { name files size }
      files(prefix: $prefix, shallow: true, first: $first, after: $after) {
        totalCount nodes { name size type updatedAt url } pageInfo { hasNextPage endCursor }
      }
    }
  }
`);
