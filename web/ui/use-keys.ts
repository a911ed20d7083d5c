import { useEffect, useRef } from 'react';

export type KeyMap = Partial<Record<string, (event: KeyboardEvent) => void>>;

/**
 * Listens for single keys anywhere on the page, by `event.key` (`F2`, `Escape`, `/`, `ArrowDown`).
 * A key that a field needs for writing stays with the field; an open dialog keeps all of them.
 * F5 and F11 belong to the browser and are never taken.
 */
export function useKeys(keys: KeyMap): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      const act = latest.current[event.key];
      if (act === undefined || dialogIsOpen() || (event.key.length === 1 && isWriting(event.target))) return;
      event.preventDefault();
      // A dialog that this key opens must not hear the same key and close.
      event.stopPropagation();
      act(event);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

export function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

function dialogIsOpen(): boolean {
  return Array.from(document.querySelectorAll<HTMLElement>('[role="dialog"]')).some(
    (dialog) => dialog.offsetParent !== null,
  );
}
