/** The first worksheet of an XLSX file as rows of text (ISO/IEC 29500-1). */
import { strFromU8 } from 'fflate';
import { readZip } from './zip';

const MAX_COLUMNS = 64;

export function parseXlsx(bytes: Uint8Array): string[][] {
  const files = readZip(bytes, (name) => /^xl\/(sharedStrings|workbook|worksheets\/[^/]+|_rels\/workbook)\.xml(\.rels)?$/.test(name));
  const xml = (name: string): Document | undefined => {
    const data = files.get(name);
    return data && new DOMParser().parseFromString(strFromU8(data), 'application/xml');
  };
  const shared = elements(xml('xl/sharedStrings.xml'), 'si').map(richText);
  const sheet = xml(firstSheet(xml)) ?? xml('xl/worksheets/sheet1.xml');
  if (!sheet) throw new Error('no worksheet');
  return elements(sheet, 'row')
    .map((row) => cells(row, shared))
    .filter((row) => row.some((value) => value.trim()));
}

/** Return the path of the worksheet that the workbook lists first. */
function firstSheet(xml: (name: string) => Document | undefined): string {
  const id = elements(xml('xl/workbook.xml'), 'sheet')[0]?.getAttribute('r:id');
  const relations = elements(xml('xl/_rels/workbook.xml.rels'), 'Relationship');
  const target = relations.find((each) => each.getAttribute('Id') === id)?.getAttribute('Target');
  if (!target) return 'xl/worksheets/sheet1.xml';
  return target.startsWith('/') ? target.slice(1) : `xl/${target}`;
}

function cells(row: Element, shared: string[]): string[] {
  const values: string[] = [];
  for (const cell of elements(row, 'c')) {
    const column = columnIndex(cell.getAttribute('r') ?? '') ?? values.length;
    if (column >= MAX_COLUMNS) continue;
    while (values.length < column) values.push('');
    values[column] = value(cell, shared);
  }
  return values;
}

function value(cell: Element, shared: string[]): string {
  const raw = elements(cell, 'v')[0]?.textContent ?? '';
  switch (cell.getAttribute('t')) {
    case 's':
      return shared[Number(raw)] ?? '';
    case 'inlineStr':
      return richText(cell);
    case null:
    case 'n': // 12 digits of an SKU are stored as 1.23456789012E11
      return raw && Number.isFinite(Number(raw)) ? String(Number(raw)) : raw;
    default:
      return raw;
  }
}

function richText(element: Element): string {
  return elements(element, 't')
    .filter((each) => each.parentElement?.localName !== 'rPh') // phonetic hints
    .map((each) => each.textContent ?? '')
    .join('');
}

function columnIndex(reference: string): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0];
  if (!letters) return undefined;
  return [...letters].reduce((sum, each) => sum * 26 + each.charCodeAt(0) - 64, 0) - 1;
}

function elements(root: Document | Element | undefined, name: string): Element[] {
  return root ? Array.from(root.getElementsByTagName(name)) : [];
}
