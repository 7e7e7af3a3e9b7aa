/** Looks of the history card. */

import { css } from "lit";

export const historyStyles = css`
  .ribbon {
    position: relative;
    padding: 6px 16px 0;
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
