/** Styles of the live picture. */

import { css } from "lit";

export const liveStyles = css`
  :host {
    display: block;
    position: relative;
    overflow: hidden;
    background: #000;
  }
  img,
  ha-hls-player,
  ha-camera-stream {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  .lost {
    position: absolute;
    inset: auto 0 12px;
    margin: auto;
    width: max-content;
    max-width: 90%;
    padding: 6px 12px;
    border-radius: var(--ha-border-radius-md, 8px);
    color: #fff;
    background: rgb(0 0 0 / 65%);
  }
`;
