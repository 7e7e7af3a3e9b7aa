/** The playback position, with a knob to seek. */

import { html, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";
import { formatDuration } from "../localize/format";

/** What a seek bar shows; times in s. */
export interface SeekState {
  position: number;
  duration: number;
  /** Identifies the media. */
  media: unknown;
  label: string;
  disabled?: boolean;
}

/** Renders the bar for its host. While the knob is dragged it stays there, whatever plays on. */
export class SeekBar implements ReactiveController {
  /** Position of the dragged knob; after its release, until playback reaches it. */
  private dragged: number | undefined;
  private media: unknown;
  private drawn = false;

  /** `seek` seeks to a position, and resolves when that is done or has failed. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly seek: (position: number) => Promise<unknown>,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    this.drawn = false;
  }

  /** Releases the knob of a removed bar: no pointerup will come. */
  hostUpdated(): void {
    if (!this.drawn) this.dragged = undefined;
  }

  get holds(): boolean {
    return this.dragged !== undefined;
  }

  render({ position, duration, media, label, disabled = false }: SeekState): TemplateResult {
    this.drawn = true;
    if (media !== this.media) this.dragged = undefined;
    this.media = media;
    const shown = Math.min(duration, this.dragged ?? position);
    return html`<span>${formatDuration(shown)}</span>
      <input
        type="range"
        class="grow"
        min="0"
        max=${duration}
        step="1"
        aria-label=${label}
        aria-valuetext=${formatDuration(shown)}
        .value=${String(shown)}
        ?disabled=${disabled}
        @input=${(event: Event) => this.hold(valueOf(event))}
        @change=${(event: Event) => this.release(valueOf(event))}
      />
      <span>${formatDuration(duration)}</span>`;
  }

  private hold(position: number | undefined): void {
    this.dragged = position;
    this.host.requestUpdate();
  }

  private release(position: number): void {
    this.hold(position);
    const done = (): void => {
      // Unless it was grabbed again.
      if (this.dragged === position) this.hold(undefined);
    };
    this.seek(position).then(done, done);
  }
}

function valueOf(event: Event): number {
  return Number((event.target as HTMLInputElement).value);
}
