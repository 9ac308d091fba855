/**
 * Where the editors find their workers: files of ours, bundled with the page. The package's own setup does the same, and
 * writes a line to the console for each.
 */
Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker(_id: string, label: string): Worker {
      switch (label) {
        case "json":
          return new Worker(new URL("../_workers/json.ts", import.meta.url), { type: "module" });
        case "graphql":
          return new Worker(new URL("../_workers/graphql.ts", import.meta.url), { type: "module" });
        default:
          return new Worker(new URL("../_workers/editor.ts", import.meta.url), { type: "module" });
      }
    },
  },
});
