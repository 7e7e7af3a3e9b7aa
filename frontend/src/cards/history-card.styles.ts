/** Styles of the history card. */

import { css } from "lit";

export const historyStyles = css`
  ha-card {
    container-type: inline-size;
  }
  .ribbon {
    position: relative;
    padding: 6px 16px 0;
  }
  .notice {
    flex: 1;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 8px;
  }
  .notice .icon {
    width: 36px;
    height: 36px;
    opacity: 0.5;
  }
  .tools {
    padding: 2px 6px 4px 12px;
    flex-wrap: nowrap;
  }
  .count {
    padding-left: 4px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  /* On the narrowest phones the number of items has a line of its own. */
  @container (max-width: 340px) {
    .tools {
      flex-wrap: wrap;
    }
    .tools > [role="group"] {
      flex: 1;
    }
    .count {
      order: 1;
      flex-basis: 100%;
    }
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
