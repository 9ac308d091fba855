/** Run as a process of its own by test/db/embedded.test.ts: `node --import tsx embedded-process.ts DATA_DIR`. */
import { startEmbedded } from "@/db/embedded";

const [dataDir = ""] = process.argv.slice(2);
try {
  const { url, pid } = await startEmbedded({ dataDir, log: (message) => console.error(message) });
  process.stdout.write(`${JSON.stringify({ url, pid })}\n`);
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  process.stdout.write(`${JSON.stringify({ code, message })}\n`);
}
