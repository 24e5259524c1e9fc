// Images, labels and starting weights of the training task: hashes of counters, so that every language makes the same ones.

/** A 32-bit integer hash with full avalanche (two multiplications, three shifts). */
export function hashed(value) {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** `count` images of 784 bytes. */
export const imagesOf = (count) => Uint8Array.from({ length: count * 784 }, (_, i) => hashed(i) >>> 24);

/** Labels: the tenth in which the mean of three pixels falls, so that there is something to learn. */
export const labelsOf = (count, images) =>
  Uint8Array.from({ length: count }, (_, i) =>
    Math.floor(((images[784 * i] + images[784 * i + 1] + images[784 * i + 2]) * 10) / 768),
  );

/** Widths of the network, inputs first. */
export const widthsOf = ({ width, depth }) => [784, ...new Array(depth - 1).fill(width), 10];

/** Layer by layer the weights (outputs × inputs, uniform, of the stated variance over the fan-in), then the biases (zero). */
export function startingParameters(options) {
  const widths = widthsOf(options);
  let drawn = 0x40000000;
  return widths.slice(1).map((outputs, l) => {
    const inputs = widths[l];
    const scale = Math.sqrt((12 * options.weightVariance) / inputs);
    return {
      inputs,
      outputs,
      weights: Float32Array.from(
        { length: outputs * inputs },
        () => scale * ((hashed(drawn++) + 0.5) * 2 ** -32 - 0.5),
      ),
      biases: new Float32Array(outputs),
    };
  });
}
