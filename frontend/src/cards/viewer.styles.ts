/** Styles of the viewer. */

import { css } from "lit";

export const viewerStyles = css`
  :host {
    display: contents;
  }
  dialog {
    width: 100vw;
    height: 100dvh;
    max-width: none;
    max-height: none;
    box-sizing: border-box;
    margin: 0;
    padding: 0;
    border: 0;
    color: #fff;
    background: #000;
    overflow: hidden;
  }
  dialog[open] {
    display: flex;
    flex-direction: column;
  }
  header,
  footer {
    padding: 6px 10px;
    min-height: 44px;
    display: flex;
    align-items: center;
  }
  footer {
    justify-content: center;
    gap: 10px;
    padding-bottom: max(6px, env(safe-area-inset-bottom));
  }
  header {
    padding-top: max(6px, env(safe-area-inset-top));
  }
  .secondary {
    display: block;
    color: #bbb;
  }
  a {
    color: inherit;
  }
  button:hover,
  .button:hover {
    background: rgb(255 255 255 / 16%);
  }
  .danger {
    color: #ff8a80;
  }
  .stage {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow: hidden;
    touch-action: none;
    outline: none;
  }
  .stage > * {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
    user-select: none;
  }
  .side {
    position: absolute;
    top: 50%;
    translate: 0 -50%;
    min-height: 56px;
    background: rgb(0 0 0 / 45%);
  }
  .old {
    left: 6px;
  }
  .new {
    right: 6px;
  }
  @media (pointer: coarse) {
    .side {
      opacity: 0.6;
    }
  }
`;
