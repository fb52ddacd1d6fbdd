/** SKUs and positions from the names of files: `CUP-1.jpg`, `CUP-1_2.jpg`, `CUP-1/main.png`. */
export interface Target {
  sku: string;
  /** Position in the gallery, beginning with 1; 1 is the main image. */
  position: number;
}

const PHOTO = /\.(jpe?g|png|gif|webp|avif|heic|heif)$/i;
const SHEET = /\.(csv|tsv|txt|xlsx)$/i;
const HIDDEN = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

export function isPhotoName(path: string): boolean {
  return PHOTO.test(path) && !HIDDEN.test(path);
}

export function isSheetName(path: string): boolean {
  return SHEET.test(path) && !HIDDEN.test(path);
}

export function isZipName(path: string): boolean {
  return /\.zip$/i.test(path) && !HIDDEN.test(path);
}

/** Return what a file may be meant for, the most literal meaning first: SKUs may contain `_2`. */
export function targets(path: string): Target[] {
  const parts = path.normalize('NFC').split('/').filter(Boolean);
  const stem = (parts.pop() ?? '').replace(PHOTO, '').trim();
  const folder = parts.pop()?.trim();
  const found: Target[] = [];
  const inFolder = /^(?:main|(\d{1,2}))$/i.exec(stem);
  if (folder && inFolder) found.push({ sku: folder, position: position(inFolder[1]) });
  if (stem) found.push({ sku: stem, position: 1 });
  const numbered = /^(.+)_(\d{1,2})$/.exec(stem);
  if (numbered?.[1]) found.push({ sku: numbered[1], position: position(numbered[2]) });
  return found;
}

function position(digits: string | undefined): number {
  return Math.max(1, Number(digits ?? 1));
}
