/** Light or dark: the system's setting, until the user chooses. */
const STORAGE_KEY = 'fatrina.theme';

function apply(theme: string): void {
  document.documentElement.dataset.theme = theme;
}

export function nextTheme(): void {
  const isDark = getComputedStyle(document.documentElement).colorScheme === 'dark'
    || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
  const theme = isDark ? 'light' : 'dark';
  localStorage.setItem(STORAGE_KEY, theme);
  apply(theme);
}

const stored = localStorage.getItem(STORAGE_KEY);
if (stored === 'light' || stored === 'dark') apply(stored);
