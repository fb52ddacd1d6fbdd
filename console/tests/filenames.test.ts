import { expect, test } from 'vitest';
import { isPhotoName, targets } from '../src/lib/filenames';

test.each([
  ['CUP-1.jpg', [{ sku: 'CUP-1', position: 1 }]],
  ['CUP-1_2.JPG', [{ sku: 'CUP-1_2', position: 1 }, { sku: 'CUP-1', position: 2 }]],
  ['CUP-1/main.png', [{ sku: 'CUP-1', position: 1 }, { sku: 'main', position: 1 }]],
  ['photos/CUP-1/3.webp', [{ sku: 'CUP-1', position: 3 }, { sku: '3', position: 1 }]],
  ['photos/كوب ١.heic', [{ sku: 'كوب ١', position: 1 }]],
  ['a.b_0.png', [{ sku: 'a.b_0', position: 1 }, { sku: 'a.b', position: 1 }]],
])('%s', (path, expected) => {
  expect(targets(path)).toEqual(expected);
});

test('decomposed names are composed, as macOS sends them decomposed', () => {
  expect(targets('e\u0301.jpg')[0]?.sku).toBe('\u00e9');
});

test('files that systems add are not photos', () => {
  expect(['__MACOSX/a.jpg', 'x/.hidden.jpg', 'a.pdf', 'a.jpg.exe'].filter(isPhotoName)).toEqual([]);
  expect(isPhotoName('<img src=x onerror=alert(1)>.jpg')).toBe(true);
});
