/** Styles of the camera card. */

import { css } from "lit";

export const cameraStyles = css`
  :host {
    --room: none;
  }
  /* On a wide screen the controls below stay in view; a phone held sideways shows the picture in full screen. */
  @media (min-height: 600px) {
    :host {
      --room: calc(100dvh - var(--header-height, 56px) - 190px);
    }
  }
  .stage {
    position: relative;
    background: #000;
    width: 100%;
    flex: 1 1 auto;
    min-height: 0;
    max-height: var(--room);
    container-type: inline-size;
  }
  retrocam-live,
  retrocam-screen,
  retrocam-footage {
    position: absolute;
    inset: 0;
  }
  .top {
    position: absolute;
    top: 8px;
    left: 8px;
    right: 56px;
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    font-variant-numeric: tabular-nums;
    pointer-events: none;
  }
  .pill {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: 32px;
    padding: 0 12px;
    border-radius: 99px;
    color: #fff;
    background: rgb(0 0 0 / 65%);
    white-space: nowrap;
  }
  .top button,
  .top input {
    pointer-events: auto;
  }
  .top button:hover {
    background: rgb(0 0 0 / 85%);
  }
  .top button:focus-visible {
    outline-color: #fff;
  }
  .pill.trouble {
    white-space: normal;
    border-radius: 16px;
    background: color-mix(in srgb, var(--error-color, #db4437) 75%, #000);
  }
  .sound {
    display: inline-flex;
    align-items: center;
    --primary-color: #fff;
  }
  input[type="range"].volume {
    width: 84px;
    margin: 0 4px;
  }
  input[type="range"].volume::-webkit-slider-runnable-track {
    background: rgb(255 255 255 / 45%);
  }
  input[type="range"].volume::-moz-range-track {
    background: rgb(255 255 255 / 45%);
  }
  /* Phones have volume keys. */
  @container (max-width: 400px) {
    input[type="range"].volume {
      display: none;
    }
  }
  .pill.hearing {
    padding: 0 4px;
  }
  .hearing button {
    min-height: 32px;
    min-width: 32px;
    padding: 0;
    border-radius: 99px;
  }
  .pill .dot {
    animation: none;
  }
  .caption {
    position: absolute;
    inset: auto 0 0;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding: 24px 12px 8px;
    color: #fff;
    background: linear-gradient(transparent, rgb(0 0 0 / 50%) 24px, rgb(0 0 0 / 70%));
    pointer-events: none;
    text-shadow: 0 1px 2px rgb(0 0 0 / 70%);
  }
  .caption input {
    pointer-events: auto;
  }
  .caption button {
    pointer-events: auto;
    min-height: 32px;
    min-width: 32px;
    padding: 0 4px;
  }
  .caption button:hover {
    background: rgb(255 255 255 / 20%);
  }
  retrocam-transport {
    flex: 1 1 100%;
  }
  .caption retrocam-rewind {
    flex: 1 1 100%;
    pointer-events: auto;
    --primary-text-color: #fff;
    --secondary-text-color: #fff;
  }
  .caption.past .name {
    display: none;
  }
  .name {
    order: -1;
    font-weight: 500;
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tag {
    padding: 2px 8px;
    border-radius: 99px;
    background: color-mix(in srgb, var(--error-color, #db4437) 75%, #000);
    font-size: 12px;
  }
  .recording {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    padding-left: 10px;
    border-radius: 99px;
    background: rgb(0 0 0 / 55%);
    font-size: 13px;
  }
  .dot {
    width: 10px;
    height: 10px;
    border-radius: 50%;
    background: #ff3b30;
    animation: pulse 1.6s ease-in-out infinite;
  }
  @keyframes pulse {
    50% {
      opacity: 0.35;
    }
  }
  .controls {
    padding: 10px 12px;
    display: flex;
    flex-direction: column;
    gap: 8px;
  }
  .gauge {
    display: flex;
    align-items: center;
    gap: 10px;
    white-space: nowrap;
  }
  /* On a narrow card they wrap to the next line together. */
  .icons {
    display: flex;
    gap: 4px;
    margin-left: auto;
  }
  .save {
    padding: 0 14px;
  }
  .leave {
    position: absolute;
    right: 8px;
    top: 8px;
    color: #fff;
    background: rgb(0 0 0 / 50%);
  }
  .layouts {
    border-top: 1px solid var(--line);
    padding-top: 8px;
  }
`;
