/** Products, their tiles, and every change of an image: the part of the console without markup. */
import {
  api, ApiError, type DeletedImage, type Image, type Product, type ProductImage, type Progress, randomKey,
  type Reply, type Version,
} from './api';
import { t } from './i18n/index.svelte';

export type Source = File | string;
export type Phase = 'idle' | 'uploading' | 'preparing' | 'replaced' | 'failed';

export class Cancelled extends Error {}

const SMALL = 1000;
const WIDE = 1.6;
const PAGE_SIZE = 20;

/** An image of a product and what happens to it. */
export class TileState {
  image = $state() as ProductImage;
  details = $state<Image>();
  version = $state<Version>();
  phase = $state<Phase>('idle');
  progress = $state<Progress>();
  waiting = $state(0);
  message = $state('');
  /** The URLs of the images before and after a replacement. */
  before = $state('');
  after = $state('');
  etag = '';
  private last?: { source: Source; key: string };
  private controller?: AbortController;
  private loaded = false;

  constructor(image: ProductImage) {
    this.image = image;
  }

  get id(): number {
    return this.image.id;
  }

  get isBusy(): boolean {
    return this.phase === 'uploading' || this.phase === 'preparing';
  }

  get thumbnail(): string {
    return this.details?.image.low_resolution.url ?? '';
  }

  get warnings(): ('warnSmall' | 'warnWide' | 'warnAlt')[] {
    if (this.image.type === 'video') return [];
    const { width = SMALL, height = SMALL } = this.details?.image.original ?? {};
    const ratio = Math.max(width / height, height / width);
    return [
      ...(Math.max(width, height) < SMALL ? (['warnSmall'] as const) : []),
      ...(ratio > WIDE ? (['warnWide'] as const) : []),
      ...(this.image.alt.trim() ? [] : (['warnAlt'] as const)),
    ];
  }

  /** Load what the list of products does not contain; called when the tile becomes visible. */
  async load(force = false): Promise<void> {
    if ((this.loaded && !force) || this.image.type === 'video') return;
    this.loaded = true;
    try {
      const [image, versions] = await Promise.all([
        api<Image>(`products/images/${this.id}`),
        api<Version[]>(`products/images/${this.id}/versions?per_page=1`),
      ]);
      this.accept(image);
      this.version = versions.data[0];
    } catch {
      this.loaded = false; // the tile stays usable without its details
    }
  }

  accept({ data, etag }: Reply<Image>): void {
    this.details = data;
    this.etag = etag;
    this.image.alt = data.alt_seo ?? '';
    this.image.main = data.default;
    this.image.sort = data.sort;
    this.image.url = data.image.original.url;
  }

  /** Replace the photo; the old one stays until the new one is complete. */
  async replace(source: Source): Promise<void> {
    if (this.isBusy) return;
    this.last = { source, key: randomKey() };
    await this.attempt();
  }

  async retry(): Promise<void> {
    if (this.last && !this.isBusy) await this.attempt();
  }

  cancel(): void {
    this.controller?.abort();
  }

  dismiss(): void {
    this.phase = 'idle';
    this.message = '';
  }

  private async attempt(): Promise<void> {
    if (!this.last) return;
    const { source, key } = this.last;
    const before = this.details?.image.standard_resolution.url ?? this.image.url;
    this.controller = new AbortController();
    this.message = '';
    this.progress = undefined;
    this.phase = 'uploading';
    try {
      const reply = await guarded(this, preview(source), (etag) => {
        const body = new FormData();
        body.set('photo', source);
        return api<Image>(`products/images/${this.id}`, {
          method: 'POST',
          body,
          etag,
          idempotencyKey: key + etag,
          signal: this.controller?.signal,
          onProgress: (progress) => this.onProgress(progress),
          onWait: (seconds) => {
            this.waiting = seconds;
          },
        });
      });
      this.accept(reply);
      [this.before, this.after] = [before, reply.data.image.standard_resolution.url];
      this.phase = 'replaced';
      void this.load(true);
    } catch (error) {
      this.fail(error);
    } finally {
      this.waiting = 0;
    }
  }

  private onProgress(progress: Progress): void {
    this.waiting = 0;
    this.progress = progress;
    this.phase = progress.sent >= progress.total ? 'preparing' : 'uploading';
  }

  private fail(error: unknown): void {
    const cancelled = error instanceof Cancelled || (error instanceof ApiError && error.status === -1);
    this.phase = cancelled ? 'idle' : 'failed';
    this.message = cancelled ? '' : messageOf(error);
  }

  /** Show the photo again that was shown before the last one. */
  async undo(): Promise<void> {
    const { data } = await api<Version[]>(`products/images/${this.id}/versions?per_page=2`);
    const previous = data[1];
    if (previous) await this.restore(previous.number);
  }

  async restore(number: number): Promise<void> {
    const path = `products/images/${this.id}/versions/${number}/restore`;
    this.accept(await guarded(this, '', (etag) => api<Image>(path, { method: 'POST', etag })));
    this.phase = 'idle';
    void this.load(true);
  }

  async change(fields: Record<string, string>, mine: string): Promise<void> {
    this.accept(
      await guarded(this, mine, (etag) => {
        const body = new FormData();
        for (const [name, value] of Object.entries(fields)) body.set(name, value);
        return api<Image>(`products/images/${this.id}`, { method: 'POST', body, etag });
      }),
    );
  }
}

export class ProductState {
  readonly id: number;
  readonly name: string;
  readonly sku: string;
  tiles = $state<TileState[]>([]);
  adding = $state<Progress>();
  message = $state('');

  constructor(product: Product) {
    this.id = product.id;
    this.name = product.name;
    this.sku = product.sku;
    this.tiles = product.images.map((each) => new TileState(each));
  }

  /** Read the images again; tiles that exist keep what happens to them. */
  async reload(): Promise<void> {
    const { data } = await api<Product>(`products/${this.id}`);
    const known = new Map(this.tiles.map((tile) => [tile.id, tile]));
    this.tiles = data.images.map((image) => {
      const tile = known.get(image.id) ?? new TileState(image);
      tile.image = image;
      return tile;
    });
    await Promise.all(this.tiles.map((tile) => (tile.details ? tile.load(true) : undefined)));
  }

  async add(source: Source): Promise<void> {
    this.message = '';
    this.adding = { sent: 0, total: 0 };
    const body = new FormData();
    body.set('photo', source);
    try {
      await api<Image>(`products/${this.id}/images`, {
        method: 'POST',
        body,
        onProgress: (progress) => {
          this.adding = progress;
        },
      });
      await this.reload();
    } catch (error) {
      this.message = messageOf(error);
    } finally {
      this.adding = undefined;
    }
  }

  /** Save the order as one change, unless the store no longer has the order that was shown. */
  async order(ids: number[], shown: number[]): Promise<void> {
    const before = this.tiles;
    const byId = new Map(before.map((tile) => [tile.id, tile]));
    this.tiles = ids.flatMap((id) => byId.get(id) ?? []);
    try {
      const path = `products/${this.id}/images/order`;
      const current = await api<{ images: number[] }>(path);
      if (current.data.images.join() !== shown.join()) throw new ApiError(412, t('orderConflict'));
      await api(path, { method: 'PUT', body: { images: ids }, etag: current.etag });
      await this.reload();
    } catch (error) {
      this.tiles = before;
      await this.reload();
      throw error;
    }
  }

  async makeMain(tile: TileState): Promise<void> {
    await tile.change({ default: '1' }, t('makeMain'));
    await this.reload();
  }

  async remove(tile: TileState): Promise<void> {
    await guarded(tile, t('deleteImage'), (etag) =>
      api<Image>(`products/images/${tile.id}`, { method: 'DELETE', etag }),
    );
    await this.reload();
  }

  async deleted(): Promise<DeletedImage[]> {
    return (await api<DeletedImage[]>(`products/${this.id}/images/deleted`)).data;
  }

  async putBack(imageId: number): Promise<void> {
    await api(`products/images/${imageId}/restore`, { method: 'POST' });
    await this.reload();
  }
}

class Catalogue {
  products = $state<ProductState[]>([]);
  query = $state('');
  total = $state(0);
  status = $state<'loading' | 'ready' | 'failed'>('loading');
  hasMore = $state(false);
  private page = 0;
  private generation = 0;

  async search(query: string): Promise<void> {
    this.query = query;
    this.page = 0;
    this.status = 'loading';
    await this.fetchPage((this.generation += 1));
  }

  async more(): Promise<void> {
    if (this.status !== 'loading' && this.hasMore) {
      this.status = 'loading';
      await this.fetchPage(this.generation);
    }
  }

  private async fetchPage(generation: number): Promise<void> {
    const query = new URLSearchParams({ page: String(this.page + 1), per_page: String(PAGE_SIZE) });
    if (this.query) query.set('keyword', this.query);
    try {
      const { data, pagination } = await api<Product[]>(`products?${query}`);
      if (generation !== this.generation) return; // a newer search has begun
      this.page += 1;
      const added = data.map((each) => new ProductState(each));
      this.products = this.page === 1 ? added : [...this.products, ...added];
      this.total = pagination?.total ?? this.products.length;
      this.hasMore = this.page < (pagination?.totalPages ?? 1);
      this.status = 'ready';
    } catch {
      if (generation === this.generation) this.status = 'failed';
    }
  }
}

export const catalogue = new Catalogue();

export interface Conflict {
  tile: TileState;
  theirs: Image;
  /** What the user wants: the URL of a photo, or a text. */
  mine: string;
  choose: (mine: boolean) => void;
}
export const dialogs = $state<{ conflict?: Conflict; sessionEnded: boolean }>({ sessionEnded: false });

/** Make a change only if the image is still as it was shown; otherwise ask the user. */
async function guarded(
  tile: TileState,
  mine: string,
  change: (etag: string) => Promise<Reply<Image>>,
): Promise<Reply<Image>> {
  for (;;) {
    try {
      return await change(tile.etag);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 412)) throw error;
      const current = await api<Image>(`products/images/${tile.id}`);
      const useMine = await new Promise<boolean>((choose) => {
        dialogs.conflict = { tile, theirs: current.data, mine, choose };
      });
      dialogs.conflict = undefined;
      tile.accept(current);
      if (!useMine) throw new Cancelled();
    }
  }
}

export interface Toast {
  id: number;
  text: string;
  isError: boolean;
  undo?: () => Promise<void>;
}
export const toasts = $state<Toast[]>([]);
let lastToast = 0;

export function toast(text: string, undo?: () => Promise<void>, isError = false): void {
  const id = (lastToast += 1);
  toasts.push({ id, text, isError, undo });
  setTimeout(() => dismissToast(id), undo || isError ? 12_000 : 4000);
}

export function dismissToast(id: number): void {
  const index = toasts.findIndex((each) => each.id === id);
  if (index >= 0) toasts.splice(index, 1);
}

/** Run a change and show its error, if it fails. */
export async function attempt(change: () => Promise<void>, done?: string, undo?: () => Promise<void>): Promise<boolean> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof Cancelled)) toast(messageOf(error), undefined, true);
    return false;
  }
  if (done) toast(done, undo);
  return true;
}

export function messageOf(error: unknown): string {
  return error instanceof ApiError && error.message ? error.message : t('unexpected', { status: String(error) });
}

function preview(source: Source): string {
  return typeof source === 'string' ? source : URL.createObjectURL(source);
}
