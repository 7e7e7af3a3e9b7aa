/**
 * Defines an element once, even if the page replaces its registry of elements after this file has run: Home
 * Assistant's app installs a polyfill of `customElements`, which loses earlier definitions.
 */
export function define(tag: string, element: CustomElementConstructor): void {
  const ensure = (): void => {
    if (!customElements.get(tag)) customElements.define(tag, element);
  };
  ensure();
  void customElements.whenDefined("home-assistant").then(ensure);
}
