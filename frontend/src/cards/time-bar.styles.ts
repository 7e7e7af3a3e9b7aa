/** Styles of the time bar. */

import { css } from "lit";

export const timeBarStyles = css`
  :host {
    display: block;
    --accent: var(--primary-color, #03a9f4);
  }
  .bar {
    position: relative;
    /* High enough for a finger. */
    height: 40px;
    cursor: pointer;
    touch-action: pan-y;
    user-select: none;
    -webkit-user-select: none;
    -webkit-tap-highlight-color: transparent;
  }
  .rail {
    position: absolute;
    /* The knob stays inside at both ends. */
    inset: 0 8px;
  }
  .track {
    position: absolute;
    inset: 17px 0;
    height: 6px;
    border-radius: 3px;
    background: color-mix(in srgb, var(--primary-text-color, #212121) 14%, transparent);
    overflow: hidden;
    transition: inset 120ms, height 120ms;
  }
  .bar.past .track,
  .bar:hover .track {
    inset: 16px 0;
    height: 8px;
    border-radius: 4px;
  }
  .kept {
    position: absolute;
    top: 0;
    height: 100%;
    /* A minute of a day is to be seen. */
    min-width: 2px;
    background: var(--accent);
    opacity: 0.55;
  }
  .bar:not(.past) .kept {
    opacity: 1;
  }
  .part {
    position: absolute;
    top: 0;
    height: 100%;
    background: var(--warning-color, #ffa600);
  }
  .knob,
  .end {
    position: absolute;
    top: 50%;
    outline: none;
    touch-action: pan-y;
  }
  .knob {
    width: 18px;
    height: 18px;
    margin: -9px 0 0 -9px;
    border-radius: 50%;
    background: var(--accent);
    border: 2px solid var(--card-background-color, #fff);
    box-sizing: border-box;
    box-shadow: 0 1px 3px rgb(0 0 0 / 45%);
    z-index: 1;
  }
  .held .knob {
    cursor: grabbing;
  }
  .knob:focus-visible,
  .end:focus-visible::before {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .end {
    width: 24px;
    height: 32px;
    margin-top: -16px;
    cursor: ew-resize;
    z-index: 2;
  }
  .end.start {
    margin-left: -20px;
  }
  .end.end {
    margin-left: -4px;
  }
  .end::before {
    content: "";
    position: absolute;
    top: 4px;
    bottom: 4px;
    width: 10px;
    border-radius: 5px 2px 2px 5px;
    right: 4px;
    background: var(--warning-color, #ffa600);
    box-shadow: 0 1px 3px rgb(0 0 0 / 45%);
  }
  .end.end::before {
    right: auto;
    left: 4px;
    border-radius: 2px 5px 5px 2px;
  }
  .end::after {
    content: "";
    position: absolute;
    top: 11px;
    bottom: 11px;
    right: 8px;
    width: 2px;
    background: rgb(0 0 0 / 55%);
  }
  .end.end::after {
    right: auto;
    left: 8px;
  }
  @media (prefers-reduced-motion: reduce) {
    .track {
      transition: none;
    }
  }
`;
