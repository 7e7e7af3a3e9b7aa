/** Buttons of which one is chosen, for a keyboard: Tab comes to one of them, arrows go to the others. */

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The `tabindex` of an option: 0 for the chosen one, and for the first where none of them is. */
export function tabIndexOf(option: string, options: readonly string[], current: string): 0 | -1 {
  return option === (options.includes(current) ? current : options[0]) ? 0 : -1;
}

/**
 * Hears the keys of a group. An arrow moves the focus alone, round and round; Enter or Space chooses, since a
 * choice may be work for the server.
 */
export function arrowed(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  const group = event.currentTarget as Element;
  const radios = [...group.querySelectorAll<HTMLElement>("[role=radio]")];
  const index = radios.indexOf(event.target as HTMLElement);
  if (step === undefined || index < 0) return;
  event.preventDefault();
  radios[(index + step + radios.length) % radios.length]!.focus();
}
