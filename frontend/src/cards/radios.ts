/** Keyboard control of a radio group: Tab enters it, arrow keys move inside it. */

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The `tabindex` of an option: 0 for the chosen one, or for the first if none is chosen. */
export function tabIndexOf(option: string, options: readonly string[], current: string): 0 | -1 {
  return option === (options.includes(current) ? current : options[0]) ? 0 : -1;
}

/**
 * Handles the keys of a group. Arrow keys move only the focus, and wrap around; Enter or Space chooses, since a
 * choice may cause work on the server.
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
