/** Looks of the history card. */

import { css } from "lit";

export const historyStyles = css`
  header {
    padding: 6px 4px 0 16px;
    flex-wrap: nowrap;
  }
  .name {
    font-size: var(--ha-font-size-l, 16px);
    font-weight: 500;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .day {
    position: relative;
    min-width: 76px;
    text-align: center;
    white-space: nowrap;
    border-radius: var(--corner);
    line-height: 40px;
  }
  .day:focus-within {
    outline: 2px solid var(--primary-color, #03a9f4);
  }
  .day input {
    position: absolute;
    inset: 0;
    width: 100%;
    opacity: 0;
    cursor: pointer;
  }
  .day input::-webkit-calendar-picker-indicator {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    cursor: pointer;
  }
  .ribbon {
    position: relative;
    padding: 6px 16px 0;
  }
  .bubble {
    position: absolute;
    z-index: 2;
    top: 64px;
    left: clamp(8px, calc(16px + var(--at) * (100% - 32px) - 90px), calc(100% - 188px));
    width: 180px;
    padding: 4px;
    border-radius: var(--corner);
    background: var(--card-background-color, #fff);
    box-shadow: 0 4px 16px rgb(0 0 0 / 35%);
    text-align: center;
    font-size: 12px;
    pointer-events: none;
  }
  .bubble img {
    display: block;
    width: 100%;
    aspect-ratio: 16 / 9;
    object-fit: cover;
    border-radius: 4px;
  }
  .tools {
    padding: 2px 4px 4px 12px;
    flex-wrap: nowrap;
  }
  .tools > [role="group"] {
    display: flex;
    gap: 2px;
  }
  retrocam-grid {
    flex: 1;
    min-height: 220px;
    margin: 0 12px 12px;
  }
`;
