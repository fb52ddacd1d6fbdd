/** A Svelte action that calls a function when the element comes close to the visible part. */
export function onVisible(element: HTMLElement, call: () => void): { destroy: () => void } {
  const observer = new IntersectionObserver(
    (entries) => {
      if (entries.some((each) => each.isIntersecting)) call();
    },
    { rootMargin: '400px' },
  );
  observer.observe(element);
  return { destroy: () => observer.disconnect() };
}
