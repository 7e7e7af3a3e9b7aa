/** Styles of the ASCII screen. */

import { css, unsafeCSS } from "lit";
import { FONT_FAMILY } from "../player/atlas";

const FONT = unsafeCSS(FONT_FAMILY);

export const screenStyles = css`
  :host {
    display: block;
    position: relative;
    overflow: hidden;
    background: #06080a;
  }
  .box,
  pre {
    position: absolute;
    inset: 0;
  }
  canvas {
    display: block;
    width: 100%;
    height: 100%;
  }
  /* Cells run from left to right, whatever the direction of the page's language. */
  pre {
    margin: 0;
    direction: ltr;
    unicode-bidi: bidi-override;
    font-family: ${FONT};
    white-space: pre;
    color: transparent;
    cursor: text;
    user-select: text;
    -webkit-user-select: text;
    transform-origin: 0 0;
    overflow: hidden;
  }
  pre.shown {
    right: auto;
    bottom: auto;
    color: #d8f5dd;
    overflow: visible;
  }
  .status,
  .stats {
    position: absolute;
    color: #fff;
    background: rgb(0 0 0 / 65%);
    border-radius: var(--ha-border-radius-md, 8px);
    pointer-events: none;
  }
  .status {
    left: 50%;
    top: 50%;
    transform: translate(-50%, -50%);
    padding: 8px 14px;
    max-width: 80%;
    text-align: center;
  }
  /* On a phone there is no room for both in the middle. */
  .stats + .status {
    top: auto;
    bottom: 12px;
    transform: translateX(-50%);
  }
  .stats {
    left: 8px;
    top: 8px;
    padding: 6px 10px;
    font: 12px/1.5 ${FONT};
    font-variant-numeric: tabular-nums;
  }
`;
