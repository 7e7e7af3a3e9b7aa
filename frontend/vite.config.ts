import { defineConfig } from "vitest/config";

// One bundle and no chunks: a dashboard resource is one URL, and a second copy of the entry, pulled in by
// a chunk under another query, would define the elements twice.
export default defineConfig({
  build: {
    target: "es2022",
    outDir: "../custom_components/retrocam/frontend/dist",
    emptyOutDir: true,
    lib: { entry: "src/main.ts", formats: ["es"], fileName: () => "retrocam.js" },
    rolldownOptions: { output: { codeSplitting: false } },
  },
  worker: { format: "iife" },
  test: {
    environment: "happy-dom",
    include: ["test/**/*.test.ts"],
    coverage: { reporter: ["text"], include: ["src/player/**", "src/history/**", "src/ha/**"] },
  },
});
