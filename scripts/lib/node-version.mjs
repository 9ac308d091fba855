/** The floor of package.json's `engines`; the entry of every script, so that an old Node says it in one line. */
const FLOOR = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < FLOOR[0] || (major === FLOOR[0] && minor < FLOOR[1])) {
  console.error(
    `Besom needs Node ${FLOOR.join(".")} or newer, this is ${process.versions.node}: install a newer one.`,
  );
  process.exit(1);
}
