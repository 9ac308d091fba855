/**
 * A name in a narrow place: it is cut before the number at its end, which alone tells the runs of one sweep apart.
 * As text, and for whoever copies it, it is whole.
 */
export function CutName({ text }: { text: string }) {
  const [tail = ""] = /[-_ .#]?\d{1,8}$/.exec(text) ?? [];
  const head = text.slice(0, text.length - tail.length);
  if (tail === "" || head === "") return <span className="truncate">{text}</span>;
  return (
    <span className="min-w-0 whitespace-nowrap">
      {/* A digit is one ch wide, what stands before them less than half: too much would cut a name that has room. */}
      <span
        className="inline-block truncate align-bottom"
        style={{ maxWidth: `calc(100% - ${tail.length - (/^\D/.test(tail) ? 0.7 : 0)}ch)` }}
      >
        {head}
      </span>
      <span className="figures">{tail}</span>
    </span>
  );
}
