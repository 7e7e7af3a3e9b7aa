/** Draws frames in a worker thread, for pages without WebGL2. */

import { compose, type Scene } from "./picture";

export type ToWorker = { scene: Scene } | { codes: Uint8Array };

let scene: Scene | undefined;

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if ("scene" in data) {
    scene = data.scene;
    return;
  }
  if (!scene) return;
  const width = scene.cols * scene.cellWidth;
  const height = scene.rows * scene.cellHeight;
  const pixels = new Uint8ClampedArray(width * height * 4);
  compose(scene, data.codes, pixels);
  self.postMessage({ width, height, pixels }, { transfer: [pixels.buffer] });
};
