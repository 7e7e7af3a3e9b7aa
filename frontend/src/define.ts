/**
 * Defines an element once, also where the page replaces its registry of elements after this file has run:
 * Home Assistant's app installs a polyfill of `customElements`, and a definition made before is lost.
 */
export function define(tag: string, element: CustomElementConstructor): void {
  const ensure = (): void => {
    if (!customElements.get(tag)) customElements.define(tag, element);
  };
  ensure();
  void customElements.whenDefined("home-assistant").then(ensure);
}
