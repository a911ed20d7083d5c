import { useSyncExternalStore } from 'react';
import type { Look } from './theme.ts';

/**
 * What a person chose for this browser: the look and the language, nothing personal. A browser that
 * refuses storage still gets the choice until the page is closed.
 */
export type LookChoice = Look | 'system';

const LOOK = 'zhenfu.look';
const listeners = new Set<() => void>();
const systemDark = matchMedia('(prefers-color-scheme: dark)');
let choice: LookChoice = readLook();

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function readLook(): LookChoice {
  const kept = recall(LOOK);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

function lookNow(): Look {
  if (choice !== 'system') return choice;
  return systemDark.matches ? 'dark' : 'light';
}

function announce(): void {
  document.documentElement.dataset.look = lookNow();
  for (const listener of listeners) listener();
}

systemDark.addEventListener('change', announce);
announce();

export function chooseLook(next: LookChoice): void {
  choice = next;
  remember(LOOK, next);
  announce();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const lessMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** The look in force, and what was chosen. */
export function useLook(): { look: Look; choice: LookChoice; calm: boolean } {
  const look = useSyncExternalStore(subscribe, lookNow);
  const chosen = useSyncExternalStore(subscribe, () => choice);
  return { look, choice: chosen, calm: lessMotion.matches };
}
