import { expect, test } from 'vitest';
import { catalogues, format, type Key, type Language, type Text } from '../src/lib/i18n/index.svelte';

const CATEGORIES: Record<Language, Intl.LDMLPluralRule[]> = {
  ar: ['few', 'many', 'one', 'other', 'two', 'zero'],
  en: ['one', 'other'],
};
const templates = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const names = (template: string): string[] =>
  [...new Set([...template.matchAll(/\{(\w+)\}/g)].map((each) => each[1] ?? ''))].sort();

test('both catalogues have the same keys', () => {
  expect(Object.keys(catalogues.ar).sort()).toEqual(Object.keys(catalogues.en).sort());
});

test.each(Object.keys(catalogues.en) as Key[])('%s is complete', (key) => {
  const { ar, en } = { ar: catalogues.ar[key], en: catalogues.en[key] };
  expect(typeof ar).toBe(typeof en);
  for (const [language, text] of Object.entries({ ar, en }) as [Language, Text][]) {
    for (const template of templates(text)) expect(template.trim()).not.toBe('');
    if (typeof text !== 'string')
      expect(Object.keys(text)).toEqual(expect.arrayContaining(CATEGORIES[language]));
  }
  const other = (text: Text): string => (typeof text === 'string' ? text : text.other);
  expect(names(other(ar))).toEqual(names(other(en)));
  if (key !== 'language') expect(templates(ar).join('')).toMatch(/[\u0621-\u064a]/);
});

test.each([
  [0, 'بلا صور'], [1, 'صورة واحدة'], [2, 'صورتان'], [3, '3 صور'], [11, '11 صورة'], [100, '100 صورة'],
])('%i images in Arabic', (n, text) => {
  expect(format('ar', 'images', { n })).toBe(text);
});

test('numbers in English', () => {
  expect(format('en', 'images', { n: 0 })).toBe('No images');
  expect(format('en', 'images', { n: 1 })).toBe('1 image');
  expect(format('en', 'images', { n: 1200 })).toBe('1,200 images');
});

test('a parameter is inserted as it is, braces included', () => {
  expect(format('en', 'noMatches', { query: '{n}<b>' })).toBe('No product matches “{n}<b>”');
});
