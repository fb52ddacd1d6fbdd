/** Rows of a spreadsheet with the columns SKU, position, link, file, alt; headers in both languages. */
export interface SheetRow {
  sku: string;
  position: number;
  link: string;
  file: string;
  alt: string | undefined;
}
type Column = 'sku' | 'position' | 'link' | 'file' | 'alt';

const HEADERS: Record<Column, string[]> = {
  sku: ['sku', 'رمز المنتج', 'رمز التخزين', 'الرمز'],
  position: ['position', 'pos', 'sort', 'no', 'الموضع', 'الترتيب', 'الموقع'],
  link: ['link', 'url', 'photo', 'image', 'الرابط', 'رابط', 'رابط الصورة'],
  file: ['file', 'filename', 'file name', 'path', 'الملف', 'اسم الملف'],
  alt: ['alt', 'alt text', 'alternative text', 'alt_seo', 'النص البديل', 'الوصف'],
};

/** Return the rows; without a header, the order of the columns is the one above. */
export function readRows(cells: string[][]): SheetRow[] {
  const names = (cells[0] ?? []).map(columnOf);
  const hasHeader = names.includes('sku');
  const columns = hasHeader ? names : (['sku', 'position', 'link', 'file', 'alt'] as Column[]);
  return cells
    .slice(hasHeader ? 1 : 0)
    .map((row) => toRow(Object.fromEntries(columns.map((name, i) => [name, row[i]?.trim()]))))
    .filter((row) => row.sku);
}

function toRow(values: Partial<Record<Column, string>>): SheetRow {
  let { link = '', file = '' } = values;
  if (link && !/^https?:\/\//i.test(link)) [link, file] = ['', file || link];
  if (/^https?:\/\//i.test(file)) [link, file] = [link || file, ''];
  const position = Number(westernDigits(values.position ?? ''));
  return {
    sku: values.sku ?? '',
    position: Number.isInteger(position) && position > 0 ? position : 1,
    link,
    file,
    alt: values.alt || undefined,
  };
}

function columnOf(header: string): Column | undefined {
  const name = header.replace('\ufeff', '').trim().toLowerCase();
  return (Object.keys(HEADERS) as Column[]).find((each) => HEADERS[each].includes(name));
}

function westernDigits(text: string): string {
  return text.replace(/[٠-٩]/g, (each) => String(each.charCodeAt(0) - 0x660));
}
