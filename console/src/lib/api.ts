/** Client of the public API: JSON over fetch, photos over XMLHttpRequest with progress. */
import { i18n, t } from './i18n/index.svelte';

export interface Size {
  url: string;
  width: number;
  height: number;
}
export type Sizes = Record<'original' | 'standard_resolution' | 'low_resolution' | 'thumbnail', Size>;

export interface ProductImage {
  id: number;
  url: string;
  main: boolean;
  alt: string;
  video_url: string;
  type: 'image' | 'video';
  sort: number;
}
export interface Product {
  id: number;
  name: string;
  sku: string;
  images: ProductImage[];
}
export interface Image {
  id: number;
  image: Sizes;
  sort: number;
  default: boolean;
  alt_seo: string | null;
  type: 'image' | 'video';
}
export interface DeletedImage extends Image {
  deleted_at: string;
  kept_until: string;
}
export interface Version {
  number: number;
  image: Sizes | null;
  alt_seo: string | null;
  created_at: string;
  retired_at: string | null;
  kept_until: string | null;
  by: { token: number; hint: string; app: string | null } | null;
  source: { type: 'file' } | { type: 'link'; url: string } | { type: 'restore'; number: number };
  bytes: number;
  format: string;
  reason: string | null;
}
export interface Page {
  total: number;
  currentPage: number;
  totalPages: number;
}
export interface Session {
  merchant: string;
  name: string;
  expires_at: number;
}
export interface Reply<T> {
  data: T;
  etag: string;
  pagination?: Page;
}
export interface Progress {
  sent: number;
  total: number;
}
export interface Options {
  method?: string;
  body?: FormData | object;
  etag?: string;
  reason?: string;
  /** Retried with the same key, a change takes effect once. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  onWait?: (seconds: number) => void;
}

/** An error of the service, in the language of the user; status 0 is a lost connection. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly reasons: string[] = [],
    readonly retryAfter = 0,
  ) {
    super(message);
  }

  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }
}

interface Raw {
  status: number;
  text: string;
  header: (name: string) => string | null;
}

const API = 'admin/v2/';
const ATTEMPTS = 6;
let signInAgain: () => Promise<void> = () => Promise.reject(new ApiError(401, ''));

/** Set what a request awaits when the session has ended, before it is sent again. */
export function onSessionEnd(handler: () => Promise<void>): void {
  signInAgain = handler;
}

/** Send a request to the API; wait and repeat while the service is busy or the connection lost. */
export async function api<T>(path: string, options: Options = {}): Promise<Reply<T>> {
  const key = options.idempotencyKey ?? randomKey();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await parse<T>(await send(API + path, { ...options, idempotencyKey: key }));
    } catch (error) {
      if (!(error instanceof ApiError) || options.signal?.aborted) throw error;
      if (error.status === 401 && attempt < ATTEMPTS) await signInAgain();
      else if (error.isTemporary && attempt < ATTEMPTS) await pause(error, attempt, options);
      else throw error;
    }
  }
}

/** Call an endpoint of the session; it is never repeated. */
export async function session(method: string, body?: object): Promise<Session> {
  return parse<Session>(await send('console/session', { method, body })).then((each) => each.data);
}

export function randomKey(): string {
  // Not randomUUID: it only exists on https and localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (each) => each.toString(16).padStart(2, '0')).join('');
}

async function pause(error: ApiError, attempt: number, options: Options): Promise<void> {
  if (error.status === 0) {
    if (!navigator.onLine) await new Promise((go) => addEventListener('online', go, { once: true }));
    else if (attempt >= 4) throw error;
  }
  const seconds = error.retryAfter || Math.min(2 ** (attempt - 1), 16);
  options.onWait?.(seconds);
  await new Promise((go) => setTimeout(go, seconds * 1000));
}

function headers(options: Options): [string, string][] {
  const result: [string, string][] = [
    ['Fatrina-Console', '1'],
    ['Accept-Language', i18n.language],
  ];
  if (options.etag) result.push(['If-Match', options.etag]);
  if (options.reason) result.push(['Fatrina-Change-Reason', encodeURIComponent(options.reason)]);
  if (options.method && options.method !== 'GET' && options.idempotencyKey)
    result.push(['Idempotency-Key', options.idempotencyKey]);
  if (options.body && !(options.body instanceof FormData))
    result.push(['Content-Type', 'application/json']);
  return result;
}

function send(url: string, options: Options): Promise<Raw> {
  const body = options.body instanceof FormData ? options.body : options.body && JSON.stringify(options.body);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report upload progress
    request.open(options.method ?? 'GET', url);
    for (const [name, value] of headers(options)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => options.onProgress?.({ sent: loaded, total });
    request.onload = () =>
      resolve({
        status: request.status,
        text: request.responseText,
        header: (name) => request.getResponseHeader(name),
      });
    request.onerror = () => reject(new ApiError(0, t('connectionLost')));
    request.onabort = () => reject(new ApiError(-1, t('cancel')));
    options.signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(body ?? null);
  });
}

interface Envelope<T> {
  data: T;
  pagination?: Page;
  error?: { message?: string; fields?: Record<string, string[]> };
}

async function parse<T>({ status, text, header }: Raw): Promise<Reply<T>> {
  let envelope: Envelope<T> | undefined;
  try {
    envelope = text ? (JSON.parse(text) as Envelope<T>) : undefined;
  } catch {
    envelope = undefined; // a proxy responded
  }
  if (status >= 200 && status < 300 && envelope)
    return { data: envelope.data, etag: header('ETag') ?? '', pagination: envelope.pagination };
  const { message, fields } = envelope?.error ?? {};
  const lines = Object.values(fields ?? {}).flat();
  throw new ApiError(
    status,
    lines.join('\n') || message || t('unexpected', { status }),
    (header('Fatrina-Reason') ?? '').split(', ').filter(Boolean),
    Number(header('Retry-After')) || 0,
  );
}
