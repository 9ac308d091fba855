import type { RunHead } from "@/graphql/operations/run-page";
import { plural } from "@/ui/format";
import { Notice } from "@/ui/kit/notice";

/** What somebody should look at before trusting the run's numbers; the same thing said of several attempts stands once. */
export function Warnings({ head }: { head: RunHead }) {
  const messages = [...new Set(head.warnings.map(({ message }) => message))];
  if (messages.length === 0) return null;
  const [only] = messages;
  return (
    <div id="warnings" className="mt-6">
      <Notice tone="warn" title={messages.length === 1 ? "A warning" : plural(messages.length, "warning")}>
        {messages.length === 1 ? (
          <p className="text-ink">{only}</p>
        ) : (
          <ul className="list-disc pl-4 text-ink">
            {messages.map((message) => (
              <li key={message}>{message}</li>
            ))}
          </ul>
        )}
      </Notice>
    </div>
  );
}
