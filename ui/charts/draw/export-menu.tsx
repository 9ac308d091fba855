"use client";

import { DownloadIcon } from "@/ui/kit/icons";
import { Menu } from "@/ui/kit/menu";
import { showToast } from "@/ui/kit/toast";
import { CSV_TYPE, download, resolveColors, SVG_TYPE, toFileName, toPng } from "../export";

/** What a chart shows now, as a file. `svg` and `csv` are made when somebody asks, not at each drawing. */
export function ExportMenu(props: {
  /** Of the chart, and of the file. */
  name: string;
  /** Colours as on the page; see ../svg. */
  svg: () => string;
  /** See `toCsv`. */
  csv: () => string;
}) {
  const { name, svg, csv } = props;
  const save = (extension: string, content: Blob) => download(toFileName(name, extension), content);
  const savePng = async () => {
    try {
      save("png", await toPng(resolveColors(svg())));
    } catch {
      showToast("This browser could make no PNG of it: export the SVG instead");
    }
  };
  return (
    <Menu
      label={`Export ${name}`}
      floating
      items={[
        { label: "PNG, a picture", onSelect: () => void savePng() },
        {
          label: "SVG, a drawing",
          onSelect: () => save("svg", new Blob([resolveColors(svg())], { type: SVG_TYPE })),
        },
        { label: "CSV, the numbers", onSelect: () => save("csv", new Blob([csv()], { type: CSV_TYPE })) },
      ]}
    >
      <DownloadIcon />
      <span className="max-sm:sr-only">Export</span>
    </Menu>
  );
}
