/** Notices that a camera was unavailable between two updates of the page: its entry was reloaded. */

import type { HassEntity } from "../ha/types";

export class Restarts {
  private before: HassEntity | undefined;

  /** Whether it was, given its state now. */
  seen(state: HassEntity | undefined): boolean {
    const { before } = this;
    this.before = state;
    return (
      before !== undefined &&
      before.entity_id === state?.entity_id &&
      before.state === state.state &&
      before.last_changed !== state.last_changed
    );
  }
}
