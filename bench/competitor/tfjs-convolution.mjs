// Convolutions of TensorFlow.js that can be trained on its wasm backend (findings/tfjs-wasm-convolution-gradient.sh).

/**
 * A convolution of stride 1 with zeros outside, `(x, filter, hasInputGradient)`. Its wasm backend has no gradient by the filter: here it
 * is a convolution as well, of the images (whose channels stand for a batch) with the errors. The gradient by the input is the backend's
 * kernel (`'kernel'`), or a convolution with the turned filter (`'convolution'`).
 */
export function convolutionBy(tf, inputGradient) {
  const byFilter = (x, errors, kernel) => {
    const side = (kernel - 1) / 2;
    const padded = tf.pad(x, [
      [0, 0],
      [side, side],
      [side, side],
      [0, 0],
    ]);
    const found = tf.conv2d(padded.transpose([3, 1, 2, 0]), errors.transpose([1, 2, 0, 3]), 1, 'valid');
    return found.transpose([1, 2, 0, 3]);
  };
  const byInput = (x, errors, filter) =>
    inputGradient === 'kernel'
      ? tf.conv2dTranspose(errors, filter, x.shape, 1, 'same')
      : tf.conv2d(errors, tf.reverse(filter, [0, 1]).transpose([0, 1, 3, 2]), 1, 'same');
  return (input, weights, hasInputGradient) =>
    tf.customGrad((x, filter, save) => {
      save([x, filter]);
      const gradFunc = (errors, [images, kernels]) => [
        hasInputGradient ? byInput(images, errors, kernels) : tf.zerosLike(images),
        byFilter(images, errors, kernels.shape[0]),
      ];
      return { value: tf.conv2d(x, filter, 1, 'same'), gradFunc };
    })(input, weights);
}
