/** Replace many photos: read files, match them with products, apply, and take everything back. */
import { api, ApiError, type Image, type Product, randomKey, type Version } from './api';
import { decode, parseCsv, writeCsv } from './csv';
import type { NamedFile } from './drop';
import { isPhotoName, isSheetName, isZipName, type Target, targets } from './filenames';
import type { Key } from './i18n/index.svelte';
import { Queue, type State, type Task } from './queue';
import { readRows, type SheetRow } from './sheet';
import { messageOf, type Source } from './state.svelte';
import { parseXlsx } from './xlsx';
import { readZip } from './zip';

const MAX_IMAGES = 10;
const LOOKUPS = 6;

/** A row of the table: a photo, its target, and what has happened to it. */
export class Row implements Task {
  state = $state<State>('ready');
  /** Why the row is not applied; empty for a row that can be. */
  problem = $state<Key | ''>('');
  message = $state('');
  product = $state<Product>();
  imageId = $state<number>();
  position = $state(1);
  before = $state('');
  after = $state('');
  isUndone = $state(false);
  etag = '';
  previous?: Promise<void>;
  private key = randomKey();
  private result?: Image;
  private preview = '';

  constructor(
    readonly label: string,
    readonly candidates: Target[],
    readonly source: Source | undefined,
    readonly alt: string | undefined,
  ) {
    this.position = candidates[0]?.position ?? 1;
    if (source instanceof File) this.after = this.preview = URL.createObjectURL(source);
  }

  get sku(): string {
    return this.product?.sku ?? this.candidates[0]?.sku ?? '';
  }

  get isReplacement(): boolean {
    return this.imageId !== undefined;
  }

  run = async (): Promise<void> => {
    this.message = '';
    await this.previous?.catch(() => undefined);
    const body = new FormData();
    if (this.source !== undefined) body.set('photo', this.source);
    if (this.alt !== undefined) body.set('alt', this.alt);
    const path = this.imageId ? `products/images/${this.imageId}` : `products/${this.product?.id}/images`;
    const options = { method: 'POST', body, etag: this.etag, idempotencyKey: this.key };
    const { data } = await api<Image>(path, options);
    this.result = data;
    this.after = data.image.thumbnail.url;
    if (this.preview) URL.revokeObjectURL(this.preview);
  };

  onError = (error: unknown): void => {
    this.message = messageOf(error);
    if (error instanceof ApiError && error.status !== 0) this.key = randomKey();
  };

  /** Show the earlier photo again, or delete the image that was added. */
  async undo(): Promise<void> {
    if (!this.result) return;
    const path = `products/images/${this.result.id}`;
    if (this.isReplacement) {
      const { data } = await api<Version[]>(`${path}/versions?per_page=2`);
      const previous = data[1];
      if (previous)
        await api(`${path}/versions/${previous.number}/restore`, {
          method: 'POST',
          body: { restore: 'all' },
        });
    } else await api(path, { method: 'DELETE' });
    this.isUndone = true;
  }
}

export class Batch {
  rows = $state<Row[]>([]);
  phase = $state<'empty' | 'reading' | 'planned' | 'running' | 'finished' | 'undoing'>('empty');
  count = $state(0);
  checked = $state(0);
  unreadable = $state<string[]>([]);
  paused = $state(false);
  private queue?: Queue;
  private products = new Map<string, Promise<Product | undefined>>();

  get ready(): Row[] {
    return this.rows.filter((each) => !each.problem);
  }

  get done(): Row[] {
    return this.rows.filter((each) => each.state === 'done');
  }

  get failed(): Row[] {
    return this.rows.filter((each) => each.state === 'failed');
  }

  /** Read files, ZIP archives and spreadsheets, and find out what each row would do. */
  async read(files: NamedFile[]): Promise<void> {
    this.phase = 'reading';
    [this.rows, this.unreadable, this.checked, this.count] = [[], [], 0, files.length];
    const photos = new Map<string, File>();
    const sheets: SheetRow[] = [];
    for (const each of files) await this.open(each, photos, sheets);
    this.rows = toRows(photos, sheets);
    await inParallel(this.rows, LOOKUPS, async (row) => {
      await this.match(row);
      this.checked += 1;
    });
    checkTogether(this.rows);
    this.phase = this.rows.length || this.unreadable.length ? 'planned' : 'empty';
  }

  private async open({ path, file }: NamedFile, photos: Map<string, File>, sheets: SheetRow[]): Promise<void> {
    try {
      if (isPhotoName(path)) photos.set(path, file);
      else if (isZipName(path)) {
        const bytes = new Uint8Array(await file.arrayBuffer());
        for (const [name, data] of readZip(bytes, (each) => isPhotoName(each) || isSheetName(each)))
          await this.open({ path: name, file: new File([data as BlobPart], name.split('/').pop() ?? name) }, photos, sheets);
      } else if (isSheetName(path)) {
        const bytes = new Uint8Array(await file.arrayBuffer());
        const cells = /\.xlsx$/i.test(path) ? parseXlsx(bytes) : parseCsv(decode(bytes));
        sheets.push(...readRows(cells));
      }
    } catch {
      this.unreadable.push(path);
    }
  }

  private async match(row: Row): Promise<void> {
    if (row.source === undefined) {
      if (!row.problem) row.problem = 'planNoPhoto';
    } else if (row.source instanceof File && !(await isPhoto(row.source))) row.problem = 'planNotImage';
    for (const target of row.candidates) {
      const product = await this.find(target.sku);
      if (!product) continue;
      row.product = product;
      row.position = target.position;
      await findTarget(row, product);
      return;
    }
    row.problem ||= 'planUnmatched';
  }

  private find(sku: string): Promise<Product | undefined> {
    let found = this.products.get(sku);
    if (!found) {
      found = api<Product>(`products/sku/${encodeURIComponent(sku)}`).then(
        (reply) => reply.data,
        (error: unknown) => {
          if (error instanceof ApiError && error.status === 404) return undefined;
          throw error;
        },
      );
      this.products.set(sku, found);
    }
    return found;
  }

  async apply(): Promise<void> {
    this.queue ??= new Queue(this.ready);
    await this.execute(() => this.queue?.start());
  }

  pause(): void {
    this.queue?.pause();
    this.paused = true;
  }

  async retryFailed(): Promise<void> {
    for (const row of this.failed) if (row.isReplacement) await refreshEtag(row);
    await this.execute(() => this.queue?.retryFailed());
  }

  private async execute(run: () => Promise<void> | undefined): Promise<void> {
    this.paused = false;
    this.phase = 'running';
    await run();
    if (!this.paused) this.phase = 'finished';
  }

  /** Take back every row that was applied; return how many. */
  async undo(): Promise<number> {
    this.phase = 'undoing';
    const rows = this.done.filter((each) => !each.isUndone);
    await inParallel(rows, 3, (row) => row.undo().catch((error: unknown) => row.onError(error)));
    this.phase = 'finished';
    return rows.filter((each) => each.isUndone).length;
  }

  report(text: (row: Row) => string): Blob {
    const header = ['file', 'sku', 'position', 'result', 'message'];
    const lines = this.rows.map((row) => [row.label, row.sku, String(row.position), text(row), row.message]);
    return new Blob([writeCsv([header, ...lines])], { type: 'text/csv' });
  }
}

function toRows(photos: Map<string, File>, sheets: SheetRow[]): Row[] {
  const byName = new Map([...photos].map(([path, file]) => [path.split('/').pop() ?? path, file]));
  const used = new Set<File>();
  const rows = sheets.map((each) => {
    const file = each.file ? (photos.get(each.file) ?? byName.get(each.file)) : undefined;
    if (file) used.add(file);
    const row = new Row(each.file || each.link, [each], file ?? (each.link || undefined), each.alt);
    if (each.file && !file) row.problem = 'planNoFile';
    return row;
  });
  for (const [path, file] of photos)
    if (!used.has(file)) rows.push(new Row(path, targets(path), file, undefined));
  return rows;
}

async function findTarget(row: Row, product: Product): Promise<void> {
  const main = product.images.find((each) => each.main);
  const image = row.position === 1 && main ? main : product.images[row.position - 1];
  if (!image) return;
  if (image.type === 'video') {
    row.problem ||= 'planVideo';
    return;
  }
  row.imageId = image.id;
  await refreshEtag(row);
}

async function refreshEtag(row: Row): Promise<void> {
  const { data, etag } = await api<Image>(`products/images/${row.imageId}`);
  row.before = data.image.thumbnail.url;
  row.etag = etag;
}

/** Reject rows with the same target, and those that a gallery has no room for; keep the order. */
function checkTogether(rows: Row[]): void {
  const seen = new Set<string>();
  const sizes = new Map<number, number>();
  const last = new Map<number, Row>();
  const inOrder = [...rows].sort((one, two) => one.position - two.position);
  for (const row of inOrder) {
    if (row.problem || !row.product) continue;
    const { id, images } = row.product;
    const target = `${id}/${row.imageId ?? `new ${row.position}`}`;
    if (seen.has(target)) row.problem = 'planDuplicate';
    seen.add(target);
    if (row.problem || row.isReplacement) continue;
    const size = (sizes.get(id) ?? images.length) + 1;
    if (size > MAX_IMAGES) {
      row.problem = 'planTooMany';
      continue;
    }
    sizes.set(id, size);
    const before = last.get(id);
    if (before) chain(before, row);
    last.set(id, row);
  }
}

/** Let a row wait until another has ended, so that images are added in the order of positions. */
function chain(before: Row, row: Row): void {
  let ended: () => void = () => undefined;
  row.previous = new Promise((resolve) => {
    ended = resolve;
  });
  const run = before.run;
  before.run = () => run().finally(ended);
}

const SIGNATURES: [number, string][] = [
  [0, '\xff\xd8\xff'],
  [0, '\x89PNG'],
  [0, 'GIF8'],
  [8, 'WEBP'],
  [4, 'ftyp'],
];

async function isPhoto(file: File): Promise<boolean> {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 16).arrayBuffer()));
  return SIGNATURES.some(([at, signature]) => head.startsWith(signature, at));
}

async function inParallel<T>(items: T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const pending = [...items];
  const worker = async (): Promise<void> => {
    for (let item = pending.shift(); item !== undefined; item = pending.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
