import { strToU8, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { decode, parseCsv, writeCsv } from '../src/lib/csv';
import { readRows } from '../src/lib/sheet';
import { parseXlsx } from '../src/lib/xlsx';
import { readZip } from '../src/lib/zip';

const EXPECTED = [
  { sku: 'CUP-1', position: 2, link: 'https://a.test/x.jpg', file: '', alt: 'كوب' },
];

test.each([',', ';', '\t', '|'])('CSV with the delimiter %j', (delimiter) => {
  const text = [
    ['SKU', 'Position', 'Link', 'Alt'],
    ['CUP-1', '2', 'https://a.test/x.jpg', 'كوب'],
  ].map((row) => row.join(delimiter)).join('\r\n');
  expect(readRows(parseCsv(text))).toEqual(EXPECTED);
});

test('UTF-8 with a byte order mark, UTF-16, and Windows-1256', () => {
  const bom = strToU8('\ufeffsku,alt\nA,كوب');
  expect(readRows(parseCsv(decode(bom)))[0]?.alt).toBe('كوب');
  const utf16 = new Uint8Array(Uint16Array.from([...'\ufeffsku,alt\nA,كوب'].map((c) => c.charCodeAt(0))).buffer);
  expect(readRows(parseCsv(decode(utf16)))[0]?.alt).toBe('كوب');
  const arabic = new Uint8Array([...strToU8('sku,alt\nA,'), 0xdf, 0xe6, 0xc8]);
  expect(readRows(parseCsv(decode(arabic)))[0]?.alt).toBe('كوب');
});

test('quotes, line feeds and delimiters in cells', () => {
  expect(parseCsv('sku;alt\n"A;1";"two\nlines ""quoted"""\n')).toEqual([
    ['sku', 'alt'],
    ['A;1', 'two\nlines "quoted"'],
  ]);
});

test('Arabic headers and digits', () => {
  const rows = readRows(parseCsv('رمز المنتج,الموضع,الملف,النص البديل\nCUP-1,٢,a.jpg,كوب'));
  expect(rows).toEqual([{ sku: 'CUP-1', position: 2, link: '', file: 'a.jpg', alt: 'كوب' }]);
});

test('without a header, and with a link in the wrong column', () => {
  expect(readRows([['A', '1', 'x.jpg']])[0]).toMatchObject({ sku: 'A', file: 'x.jpg', link: '' });
  expect(readRows([['sku', 'file'], ['A', 'http://b.test/']])[0]).toMatchObject({ link: 'http://b.test/', file: '' });
});

test('a report cannot contain a formula', () => {
  expect(writeCsv([['=HYPERLINK("x")', '+1', 'a,b']])).toBe('\ufeff"\'=HYPERLINK(""x"")",\'+1,"a,b"\r\n');
});

const cell = (reference: string, type: string, inner: string): string =>
  `<c r="${reference}"${type && ` t="${type}"`}>${inner}</c>`;

test('XLSX with shared, inline and numeric cells, and a gap', () => {
  const row1 = cell('A1', 's', '<v>0</v>') + cell('B1', 's', '<v>1</v>') + cell('D1', 'inlineStr', '<is><t>alt</t></is>');
  const row2 = cell('A2', '', '<v>1.23456789012E11</v>') + cell('B2', 'n', '<v>2</v>') + cell('D2', 'inlineStr', '<is><r><t>كو</t></r><r><t>ب</t></r></is>');
  const bytes = zipSync({
    'xl/workbook.xml': strToU8('<workbook xmlns:r="r"><sheets><sheet name="a" r:id="rId7"/></sheets></workbook>'),
    'xl/_rels/workbook.xml.rels': strToU8('<Relationships><Relationship Id="rId7" Target="worksheets/data.xml"/></Relationships>'),
    'xl/sharedStrings.xml': strToU8('<sst><si><t>sku</t></si><si><t>position</t></si></sst>'),
    'xl/worksheets/data.xml': strToU8(`<worksheet><sheetData><row>${row1}</row><row>${row2}</row></sheetData></worksheet>`),
  });
  expect(readRows(parseXlsx(bytes))).toEqual([
    { sku: '123456789012', position: 2, link: '', file: '', alt: 'كوب' },
  ]);
});

test('a ZIP is read within limits', () => {
  const bytes = zipSync({ 'A/main.png': strToU8('x'), 'note.txt': strToU8('y') });
  expect([...readZip(bytes, (name) => name.endsWith('.png')).keys()]).toEqual(['A/main.png']);
  expect(() => readZip(strToU8('not a zip'), () => true)).toThrow();
});
