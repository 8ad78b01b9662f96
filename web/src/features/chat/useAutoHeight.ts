/** A text area as high as its text; the styles say how high at most. */
import { type RefObject, useLayoutEffect } from 'react';

const byStyles = globalThis.CSS?.supports?.('field-sizing', 'content') ?? false;

/** Only where the browser cannot do it by itself. */
export function useAutoHeight(area: RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text.
  useLayoutEffect(() => {
    const node = area.current;
    if (byStyles || !node) return;
    node.style.height = 'auto';
    node.style.height = `${node.scrollHeight}px`;
  }, [area, text]);
}
