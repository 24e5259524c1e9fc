// Bytes that look like nothing, the same for every competitor: x ← 1664525 x + 1013904223 modulo 2^32, of which the highest byte.
export function imagesOf(count, dimension) {
  const images = new Uint8Array(new SharedArrayBuffer(count * dimension));
  let x = 1;
  for (let i = 0; i < images.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    images[i] = x >>> 24;
  }
  return images;
}
export const setOf = (count, dimension) => ({
  name: 'bytes',
  split: 'train',
  count,
  shape: [dimension],
  dimension,
  classes: 1,
  images: imagesOf(count, dimension),
  labels: new Uint8Array(count),
  verified: true,
  files: [],
  sha256: `${count} × ${dimension}`,
});
