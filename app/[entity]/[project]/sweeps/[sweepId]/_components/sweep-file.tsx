import Link from "next/link";
import { CopyButton } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";

/** The file as it was handed in, comments, order and all. */
export function SweepFile({ source, againHref }: { source: string; againHref: string | undefined }) {
  const lines = source.replace(/\n$/, "").split("\n");
  return (
    <Panel
      id="file"
      title="Sweep file"
      actions={
        <>
          {againHref && (
            <Link
              href={againHref}
              className="inline-flex min-h-7 items-center px-1 text-link text-xs underline-offset-2 hover:underline"
            >
              New sweep from it
            </Link>
          )}
          <CopyButton text={source} />
        </>
      }
    >
      <Scroll label="Text of the sweep file" className="max-h-96 rounded-lg border border-line bg-sunken">
        <pre className="min-w-max py-3 pr-4 font-mono text-xs leading-5" translate="no">
          {lines.map((line, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            <span key={i} className="block">
              <span
                className="mr-4 inline-block w-9 select-none text-right text-ink-faint"
                aria-hidden="true"
              >
                {i + 1}
              </span>
              <Line text={line} />
              {"\n"}
            </span>
          ))}
        </pre>
      </Scroll>
    </Panel>
  );
}

/** Key, value, comment: enough to find one's way. */
const LINE = /^(\s*(?:- )?)([^\s#"'][^:#"']*?:(?=\s|$))?(.*)$/;

function Line({ text }: { text: string }) {
  const [, indent, key, rest = ""] = LINE.exec(text) ?? [];
  const [value, comment] = splitComment(rest);
  return (
    <>
      {indent}
      {key && <span className="font-semibold">{key}</span>}
      {value && <span className="text-ink-soft">{value}</span>}
      {comment && <span className="text-ink-faint italic">{comment}</span>}
    </>
  );
}

/** A `#` within a word is no comment, and one after a quote may be none. */
function splitComment(text: string): [value: string, comment: string] {
  const at = text.startsWith("#") ? 0 : /["']/.test(text) ? -1 : text.search(/\s#/);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at)];
}
