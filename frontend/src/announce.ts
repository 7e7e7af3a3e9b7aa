/** Registers the cards in the dashboard's card picker, with the entities to suggest them for. */

import { isRetrocam } from "./ha/entities";
import type { Hass } from "./ha/types";
import { localize, type TextKey } from "./localize/index";

interface CardEntry {
  type: string;
  name: string;
  description: string;
  preview: boolean;
  documentationURL: string;
  getEntitySuggestion(hass: Hass, entityId: string): { config: object } | null;
}

declare global {
  interface Window {
    customCards?: CardEntry[];
  }
}

const CARDS: Record<string, { key: string; domains: string[] }> = {
  "retrocam-camera-card": { key: "camera", domains: ["camera"] },
  "retrocam-history-card": { key: "history", domains: ["camera"] },
  "retrocam-ascii-card": { key: "ascii", domains: ["media_player"] },
};

export function announce(): void {
  const language = { language: document.documentElement.lang || navigator.language };
  const cards = (window.customCards ??= []);
  for (const [type, { key, domains }] of Object.entries(CARDS)) {
    if (cards.some((card) => card.type === type)) continue;
    cards.push({
      type,
      name: localize(language, `card.${key}.name` as TextKey),
      description: localize(language, `card.${key}.description` as TextKey),
      preview: true,
      documentationURL: "https://github.com/retrocam/retrocam#cards",
      getEntitySuggestion: (hass, entityId) =>
        isRetrocam(hass, entityId, ...domains)
          ? { config: { type: `custom:${type}`, entity: entityId } }
          : null,
    });
  }
}
