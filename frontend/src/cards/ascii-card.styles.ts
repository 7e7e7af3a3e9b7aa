/** Styles of the ASCII card. */

import { css, unsafeCSS } from "lit";
import { FONT_FAMILY } from "../player/atlas";

export const asciiStyles = css`
  :host {
    --room: none;
  }
  /* On a wide screen the controls below stay in view; a phone held sideways shows the picture in full screen. */
  @media (min-height: 600px) {
    :host {
      --room: calc(100dvh - var(--header-height, 56px) - 210px);
    }
  }
  .stage {
    position: relative;
    width: 100%;
    flex: 1 1 auto;
    min-height: 0;
    max-height: var(--room);
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
  /* Phones have volume keys, and some do not let a page set the volume. */
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
      min-width: 36px;
    }
  }
`;
