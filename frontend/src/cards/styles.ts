/** Styles shared by all cards, from the tokens of Home Assistant's theme. */

import { css } from "lit";

export const shared = css`
  :host {
    display: block;
    height: 100%;
    --gap: var(--ha-space-2, 8px);
    --corner: var(--ha-border-radius-md, 8px);
    --line: var(--divider-color, #e0e0e0);
    --soft: color-mix(in srgb, var(--primary-text-color, #212121) 7%, transparent);
    /* Readable as text on the card, by WCAG AA: themes choose colours for surfaces. */
    --strong: color-mix(in srgb, var(--primary-color, #03a9f4) 60%, var(--primary-text-color, #212121));
    --bad: color-mix(in srgb, var(--error-color, #db4437) 75%, var(--primary-text-color, #212121));
    --fill: color-mix(in srgb, var(--primary-color, #03a9f4) 74%, #000);
    --quick: var(--ha-animation-duration-fast, 150ms);
  }
  ha-card {
    display: flex;
    flex-direction: column;
    height: 100%;
    overflow: hidden;
    color: var(--primary-text-color, #212121);
  }
  .icon {
    width: 22px;
    height: 22px;
    fill: currentColor;
    flex: none;
  }
  button,
  .button {
    font: inherit;
    color: inherit;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: 40px;
    min-width: 40px;
    padding: 0 10px;
    border: 0;
    border-radius: var(--corner);
    background: none;
    text-decoration: none;
    cursor: pointer;
    touch-action: manipulation;
    transition: background-color var(--quick);
    -webkit-tap-highlight-color: transparent;
  }
  button:hover,
  .button:hover {
    background: var(--soft);
  }
  button:focus-visible,
  .button:focus-visible,
  input:focus-visible,
  [tabindex]:focus-visible {
    outline: 2px solid var(--primary-color, #03a9f4);
    outline-offset: -2px;
  }
  button[disabled] {
    opacity: 0.45;
    cursor: default;
    background: none;
  }
  button[aria-pressed="true"],
  button[aria-checked="true"] {
    color: var(--strong);
    background: color-mix(in srgb, var(--primary-color, #03a9f4) 14%, transparent);
  }
  .filled {
    background: var(--fill);
    color: var(--text-primary-color, #fff);
    font-weight: 500;
  }
  .filled[disabled] {
    color: var(--secondary-text-color, #727272);
    background: var(--soft);
    opacity: 0.7;
  }
  .filled:not([disabled]):hover {
    background: color-mix(in srgb, var(--fill) 88%, #000);
  }
  .danger {
    color: var(--bad);
  }
  input::placeholder {
    color: var(--secondary-text-color, #727272);
    opacity: 1;
  }
  input {
    font: inherit;
    color: inherit;
    accent-color: var(--primary-color, #03a9f4);
  }
  input[type="range"] {
    appearance: none;
    height: 32px;
    margin: 0;
    background: none;
    cursor: pointer;
    min-width: 0;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    height: 4px;
    border-radius: 2px;
    background: color-mix(in srgb, var(--primary-text-color, #212121) 22%, transparent);
  }
  input[type="range"]::-moz-range-track {
    height: 4px;
    border-radius: 2px;
    background: color-mix(in srgb, var(--primary-text-color, #212121) 22%, transparent);
  }
  input[type="range"]::-webkit-slider-thumb {
    appearance: none;
    width: 16px;
    height: 16px;
    margin-top: -6px;
    border-radius: 50%;
    background: var(--primary-color, #03a9f4);
  }
  input[type="range"]::-moz-range-thumb {
    width: 16px;
    height: 16px;
    border: 0;
    border-radius: 50%;
    background: var(--primary-color, #03a9f4);
  }
  input[type="range"][disabled] {
    opacity: 0.45;
  }
  input[type="text"],
  input[type="search"],
  input[type="number"],
  input[type="date"],
  input[type="datetime-local"] {
    min-height: 40px;
    padding: 0 10px;
    box-sizing: border-box;
    border: 1px solid var(--line);
    border-radius: var(--corner);
    background: var(--soft);
    color-scheme: inherit;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px;
  }
  .grow {
    flex: 1;
    min-width: 0;
  }
  .secondary {
    color: var(--secondary-text-color, #727272);
    font-size: var(--ha-font-size-s, 12px);
  }
  .message {
    display: flex;
    align-items: center;
    gap: var(--gap);
    padding: 0 12px 8px;
    font-size: var(--ha-font-size-m, 14px);
  }
  .message.error {
    color: var(--bad);
  }
  a {
    color: var(--strong);
  }
  .notice {
    padding: 24px 16px;
    text-align: center;
    color: var(--secondary-text-color, #727272);
  }
  .cover {
    position: fixed !important;
    inset: 0;
    z-index: 1000;
    width: 100vw;
    height: 100dvh;
    max-height: none !important;
    aspect-ratio: auto !important;
    border-radius: 0 !important;
    padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom)
      env(safe-area-inset-left);
    box-sizing: border-box;
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .spinner {
    width: 18px;
    height: 18px;
    box-sizing: border-box;
    border: 2px solid currentColor;
    border-right-color: transparent;
    border-radius: 50%;
    animation: turn 0.8s linear infinite;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`;
