/** Schemas of the visual editors, which Home Assistant renders. */

import type { Hass } from "../ha/types";
import { localize, type TextKey } from "../localize/index";
import { CHARSETS } from "../player/charset";

interface Field {
  name: string;
  selector: Record<string, unknown>;
  required?: boolean;
  /** Defaults: shown by the editor, and not stored. */
  default?: unknown;
}

export interface Form {
  schema: Field[];
  computeLabel(field: { name: string }, localizeOfPage?: unknown): string;
  /** Helper texts below the fields; most labels need none. */
  computeHelper(field: { name: string }): string | undefined;
}

/** The page's language, as far as an editor without `hass` can know it. */
function language(): Pick<Hass, "language"> {
  return { language: document.documentElement.lang || navigator.language };
}

function form(
  labels: Record<string, TextKey>,
  schema: Field[],
  hints: Record<string, TextKey> = {},
): Form {
  const text = (key: TextKey | undefined): string | undefined => key && localize(language(), key);
  return {
    schema,
    computeLabel: ({ name }) => text(labels[name]) ?? name,
    computeHelper: ({ name }) => text(hints[name]),
  };
}

function choice(prefix: string, values: readonly string[]): Record<string, unknown> {
  const options = values.map((value) => ({
    value,
    label: localize(language(), `${prefix}.${value}` as TextKey),
  }));
  return { select: { mode: "dropdown", options } };
}

function entity(...domains: string[]): Record<string, unknown> {
  return { entity: { filter: domains.map((domain) => ({ integration: "retrocam", domain })) } };
}

const CHARSET_CHOICE = ["auto", ...CHARSETS];

export function cameraForm(): Form {
  return form(
    {
      entity: "form.entity",
      name: "form.name",
      live: "form.live",
      save_seconds: "form.save_seconds",
      ascii: "form.ascii",
      charset: "form.charset",
      aspect_ratio: "form.aspect",
      controls: "form.controls",
    },
    [
      { name: "entity", required: true, selector: entity("camera") },
      { name: "name", selector: { entity_name: {} } },
      { name: "live", default: "auto", selector: choice("live", ["auto", "hls", "mjpeg", "still"]) },
      {
        name: "save_seconds",
        default: 10,
        selector: { number: { min: 1, max: 900, mode: "box", unit_of_measurement: "s" } },
      },
      { name: "ascii", default: false, selector: { boolean: {} } },
      { name: "charset", default: "auto", selector: choice("charset", CHARSET_CHOICE) },
      { name: "aspect_ratio", default: "16:9", selector: { text: {} } },
      { name: "controls", default: true, selector: { boolean: {} } },
    ],
  );
}

export function historyForm(): Form {
  return form(
    { entity: "form.entity", name: "form.name", kinds: "form.kinds", thumb_width: "form.thumb" },
    [
      { name: "entity", required: true, selector: entity("camera") },
      { name: "name", selector: { entity_name: {} } },
      {
        name: "kinds",
        selector: {
          select: {
            ...(choice("kind", ["snapshots", "recordings", "timelapses"])["select"] as object),
            mode: "list",
            multiple: true,
          },
        },
      },
      {
        name: "thumb_width",
        default: 140,
        selector: { number: { min: 80, max: 320, mode: "box", unit_of_measurement: "px" } },
      },
    ],
    { kinds: "form.kinds_hint" },
  );
}

export function asciiForm(): Form {
  return form(
    {
      entity: "form.player",
      name: "form.name",
      charset: "form.charset",
      colour: "form.colour",
      muted: "form.muted",
      aspect_ratio: "form.aspect",
      controls: "form.controls",
    },
    [
      { name: "entity", required: true, selector: entity("media_player", "camera") },
      { name: "name", selector: { entity_name: {} } },
      { name: "charset", default: "auto", selector: choice("charset", CHARSET_CHOICE) },
      { name: "colour", default: true, selector: { boolean: {} } },
      { name: "muted", default: false, selector: { boolean: {} } },
      { name: "aspect_ratio", default: "16:9", selector: { text: {} } },
      { name: "controls", default: true, selector: { boolean: {} } },
    ],
  );
}

/** "16:9", "16/9" or "1.78" as a CSS aspect ratio; 16 / 9 for anything else. */
export function aspectOf(text: unknown): string {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:[:/x]\s*(\d+(?:\.\d+)?)\s*)?$/.exec(String(text ?? ""));
  const width = Number(match?.[1] ?? 0);
  const height = Number(match?.[2] ?? 1);
  return width > 0 && height > 0 ? `${width} / ${height}` : "16 / 9";
}
