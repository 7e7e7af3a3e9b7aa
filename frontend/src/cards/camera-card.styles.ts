/** Looks of the camera card. */

import { css } from "lit";

export const cameraStyles = css`
  .stage {
    position: relative;
    background: #000;
    width: 100%;
    flex: 1 1 auto;
    min-height: 0;
  }
  retrocam-live,
  retrocam-screen {
    position: absolute;
    inset: 0;
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
    background: linear-gradient(transparent, rgb(0 0 0 / 60%));
    pointer-events: none;
    text-shadow: 0 1px 2px rgb(0 0 0 / 70%);
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
    background: var(--error-color, #db4437);
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
  .bar {
    flex: 1;
    height: 6px;
    border-radius: 3px;
    background: var(--soft);
    overflow: hidden;
  }
  .bar > div {
    height: 100%;
    border-radius: 3px;
    background: var(--primary-color, #03a9f4);
    transition: width 0.5s;
  }
  /* Where the card is narrow, they go to the next line together. */
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
