import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import openWabt from "wabt";

/** kernels.wat as a module, in base64: `npx tsx math/wasm/assemble.ts` writes it to kernels-bytes.ts. */
export async function assemble(): Promise<string> {
  const wabt = await openWabt();
  const source = readFileSync(join(import.meta.dirname, "kernels.wat"), "utf8");
  const assembled = wabt.parseWat("kernels.wat", source, { simd: true });
  assembled.validate();
  const { buffer } = assembled.toBinary({});
  return Buffer.from(buffer).toString("base64");
}

if (process.argv[1] === import.meta.filename) {
  const lines = (await assemble()).match(/.{1,100}/g) ?? [];
  writeFileSync(
    join(import.meta.dirname, "kernels-bytes.ts"),
    `/** kernels.wat, written by assemble.ts. */\nexport const KERNELS_BASE64 = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");\n`,
  );
}
