/** Photos and links that a person drops or pastes. */
import type { Source } from './state.svelte';

export function hasFiles(event: DragEvent): boolean {
  const types = event.dataTransfer?.types ?? [];
  return types.includes('Files') || types.includes('text/uri-list');
}

/** Return the first photo, or the link, of a drop or a paste. */
export function sourceOf(data: DataTransfer | null): Source | undefined {
  const file = data?.files[0];
  if (file) return file;
  const text = (data?.getData('text/uri-list') || data?.getData('text/plain') || '').trim();
  const line = text.split(/\r?\n/).find((each) => each && !each.startsWith('#')) ?? '';
  return /^https?:\/\/\S+$/i.test(line) ? line : undefined;
}

export interface NamedFile {
  path: string;
  file: File;
}

/** Return all files of a drop with their paths, those in folders included. */
export async function droppedFiles(data: DataTransfer): Promise<NamedFile[]> {
  const entries = Array.from(data.items).flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files = Array.from(data.files).map((file) => ({ path: file.name, file }));
  if (!entries.some((each) => each.isDirectory)) return files;
  return (await Promise.all(entries.map(readEntry))).flat();
}

async function readEntry(entry: FileSystemEntry): Promise<NamedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.replace(/^\//, ''), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: NamedFile[] = [];
  for (;;) {
    // A reader returns at most 100 entries at once.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!batch.length) return found;
    for (const each of batch) found.push(...(await readEntry(each)));
  }
}
