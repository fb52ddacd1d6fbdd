/** ZIP files within limits, so that an archive that expands to gigabytes does no harm. */
import { unzipSync } from 'fflate';

const MAX_FILES = 5000;
const MAX_BYTES = 1_000_000_000;

/** Return the files whose names `wanted` accepts, by name. */
export function readZip(bytes: Uint8Array, wanted: (name: string) => boolean): Map<string, Uint8Array> {
  let count = 0;
  let total = 0;
  const files = unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      if (!wanted(name)) return false;
      count += 1;
      total += originalSize;
      if (count > MAX_FILES || total > MAX_BYTES) throw new Error('the archive is too large');
      return true;
    },
  });
  return new Map(Object.entries(files));
}
