import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { belongs, type Bundle } from "./text-filter.ts";

const DIST = join(import.meta.dirname, "../custom_components/retrocam/panel/dist");
/** Most bytes of the whole share page, gzipped. */
const MOST_SHARE = 60_000;
/** In-car browsers: old Chromium. */
const OLD = { target: ["es2020", "chrome109"], cssTarget: "chrome109" };

/** Removes texts that a bundle does not use. */
function onlyTexts(bundle: Bundle): Plugin {
  return {
    name: "retrocam-texts",
    enforce: "pre",
    transform(code, id) {
      if (!/\/localize\/\w+\.json$/.test(id)) return undefined;
      const texts = Object.entries(JSON.parse(code) as Record<string, string>);
      const kept = texts.filter(([key]) => belongs(bundle, key));
      return { code: JSON.stringify(Object.fromEntries(kept)), map: null };
    },
  };
}

/** Fails the build when the share page is too large for a phone's connection in a car. */
function bounded(): Plugin {
  return {
    name: "retrocam-bound",
    closeBundle() {
      const files = readdirSync(DIST).filter((name) => name.startsWith("share"));
      const sizes = files.map((name) => gzipSync(readFileSync(join(DIST, name))).length);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      console.log(`share page: ${total} bytes gzipped of at most ${MOST_SHARE}`);
      if (total > MOST_SHARE) throw new Error(`the share page takes ${total} bytes gzipped`);
    },
  };
}

// Each bundle is one file without chunks. A dashboard resource is one URL, and a second copy of the entry,
// pulled in by a chunk under another query, would define the elements twice. The share page's names carry
// no hash, since its shell is a static file.
const CARDS = {
  plugins: [onlyTexts("cards")],
  build: {
    target: "es2022",
    outDir: DIST,
    emptyOutDir: true,
    lib: { entry: "src/main.ts", formats: ["es" as const], fileName: () => "retrocam.js" },
    rolldownOptions: { output: { codeSplitting: false } },
  },
};
const worker = (input: string, name: string) => ({
  publicDir: false as const,
  build: {
    ...OLD,
    outDir: DIST,
    emptyOutDir: false,
    rolldownOptions: { input, output: { format: "iife" as const, entryFileNames: name } },
  },
});
const SHARE_WORKER = worker("src/player/software.worker.ts", "share-worker.js");
// A file, since pages share no worker of a `blob:` URL, and Chromium none of a `data:` URL.
const PLACES_WORKER = worker("src/live/desk.worker.ts", "places-worker.js");
const SHARE = {
  plugins: [onlyTexts("share"), bounded()],
  publicDir: "share",
  build: {
    ...OLD,
    outDir: DIST,
    emptyOutDir: false,
    modulePreload: false as const,
    cssCodeSplit: false,
    rolldownOptions: {
      input: "src/share/main.ts",
      output: {
        format: "iife" as const,
        entryFileNames: "share.js",
        assetFileNames: "share[extname]",
      },
    },
  },
};

const BUNDLES: Record<string, object> = {
  share: SHARE,
  "share-worker": SHARE_WORKER,
  "places-worker": PLACES_WORKER,
  production: CARDS,
};

export default defineConfig(({ mode }) => ({
  ...BUNDLES[mode],
  worker: { format: "iife" as const },
  test: {
    environment: "happy-dom",
    include: ["test/**/*.test.ts"],
    // They end what hangs. A machine that runs all other tests as well takes ten times as long as one that does not.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      reporter: ["text"],
      include: ["src/player/**", "src/history/**", "src/ha/**", "src/share/**"],
      // Needs a browser: tests/e2e/cards compares each pixel of both renderers with its glyph.
      exclude: ["src/player/{atlas,page,software,software.worker,surface,webgl}.ts"],
    },
  },
}));
