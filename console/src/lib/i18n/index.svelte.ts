/** The language of the console: its texts, plural forms, numbers and dates. */
import { ar } from './ar';
import { en } from './en';

export type Language = 'ar' | 'en';
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Text = string | Plural;
export type Key = keyof typeof en;
export type Catalogue = Record<Key, Text>;
export type Params = Record<string, string | number>;

export const catalogues: Record<Language, Catalogue> = { ar, en };
// Latin digits and the Gregorian calendar, as in the online stores of Saudi Arabia.
const LOCALES: Record<Language, string> = { ar: 'ar-SA-u-ca-gregory-nu-latn', en: 'en-GB' };
const STORAGE_KEY = 'fatrina.language';

function initial(): Language {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === 'ar' || stored === 'en') return stored;
  return document.documentElement.lang === 'ar' ? 'ar' : 'en';
}

export const i18n = $state<{ language: Language }>({ language: initial() });

export function setLanguage(language: Language): void {
  i18n.language = language;
  localStorage.setItem(STORAGE_KEY, language);
}

/** Return a text of a language; `n` selects the plural form, numbers are formatted. */
export function format(language: Language, key: Key, params: Params = {}): string {
  const text = catalogues[language][key];
  const n = Number(params.n);
  let template = typeof text === 'string' ? text : text.other;
  if (typeof text !== 'string' && Number.isFinite(n)) {
    // English has no category for zero, but a text for it may exist.
    const category = n === 0 ? 'zero' : new Intl.PluralRules(LOCALES[language]).select(n);
    template = text[category] ?? text.other;
  }
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    return typeof value === 'number' ? formatNumber(value, language) : (value ?? '');
  });
}

export function t(key: Key, params: Params = {}): string {
  return format(i18n.language, key, params);
}

export function formatNumber(value: number, language: Language = i18n.language): string {
  return new Intl.NumberFormat(LOCALES[language]).format(value);
}

export function formatBytes(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte'] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(LOCALES[i18n.language], {
    style: 'unit',
    unit: units[unit],
    unitDisplay: unit ? 'short' : 'long',
    maximumFractionDigits: value < 10 && unit ? 1 : 0,
  }).format(value);
}

const AGES: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

export function formatAge(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  const [unit, length] = AGES.find(([, each]) => seconds >= each) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(LOCALES[i18n.language], { numeric: 'auto' }).format(
    -Math.floor(seconds / length),
    unit,
  );
}

export function formatDate(iso: string): string {
  return new Intl.DateTimeFormat(LOCALES[i18n.language], {
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(new Date(iso));
}
