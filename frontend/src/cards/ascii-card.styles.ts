/** Looks of the ASCII card. */

import { css } from "lit";

export const asciiStyles = css`
  .search {
    padding: 8px 8px 8px 12px;
  }
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
  .look {
    display: flex;
    flex-direction: column;
    gap: 6px;
    padding-top: 8px;
    border-top: 1px solid var(--line);
  }
  .label {
    width: 84px;
  }
  .figure {
    width: 36px;
    text-align: end;
    font-variant-numeric: tabular-nums;
  }
  .chip {
    min-height: 34px;
    padding: 0 10px;
    border: 1px solid var(--line);
  }
  .check {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 40px;
    padding-right: 16px;
  }
  .check input {
    width: 18px;
    height: 18px;
  }
`;
