import { visitStore } from './choice-store.js';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'tessera-theme';
const ORDER: readonly Theme[] = ['system', 'light', 'dark'];

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length]!;
}

/** The colours chosen on an earlier visit, put into effect. */
export function loadTheme(): Theme {
  const kept = visitStore.getItem(KEY);
  const theme = ORDER.find((each) => each === kept) ?? 'system';
  setTheme(theme);
  return theme;
}

export function setTheme(theme: Theme): void {
  visitStore.setItem(KEY, theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
