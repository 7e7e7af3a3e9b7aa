/** Looks of the ASCII card. */

import { css, unsafeCSS } from "lit";
import { FONT_FAMILY } from "../player/atlas";

export const asciiStyles = css`
  .stage {
    position: relative;
    width: 100%;
    flex: 1 1 auto;
    min-height: 0;
    background: #06080a;
  }
  retrocam-screen {
    position: absolute;
    inset: 0;
  }
  .sample {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    overflow: hidden;
    container-type: inline-size;
  }
  .sample pre {
    margin: 0;
    direction: ltr;
    color: #57d977;
    font: calc(100cqw / 43) / 1.25 ${unsafeCSS(FONT_FAMILY)};
  }
  .unblock {
    position: absolute;
    left: 50%;
    bottom: 16px;
    translate: -50% 0;
  }
  .leave {
    position: absolute;
    right: 8px;
    top: 8px;
    color: #fff;
    background: rgb(0 0 0 / 50%);
  }
  .controls {
    display: flex;
    flex-direction: column;
    gap: 4px;
    padding: 10px 12px;
    container-type: inline-size;
  }
  .title {
    font-weight: 500;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .position {
    display: flex;
    align-items: center;
    gap: 8px;
    font-variant-numeric: tabular-nums;
  }
  .volume {
    width: 84px;
  }
  /* A phone has keys for it, and some do not let a page set it. */
  @container (max-width: 400px) {
    .volume {
      display: none;
    }
  }
  /* All buttons in one row on the narrowest phones. */
  @container (max-width: 340px) {
    .controls > .row {
      gap: 1px;
    }
    .controls > .row > button {
      padding: 0;
    }
  }
`;
