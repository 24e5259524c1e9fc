// The well-known data files: where each belongs, and the SHA-256 by which it is recognised.

/** One file of a data set. */
export interface KnownFile {
  readonly dataset: 'mnist' | 'cifar10';
  readonly split: 'train' | 'test' | 'testFirst1000';
  readonly role: 'images' | 'labels' | 'records';
  /** Names under which the file is looked for, the preferred one first. */
  readonly names: readonly string[];
  /** Hashes of the published file (packed and unpacked); empty when none is known to us. */
  readonly sha256: readonly string[];
}

/** Folders, below the data folder, in which the files of a data set are looked for; the first is where they belong. */
export const dataFolders = {
  mnist: ['mnist', 'MNIST/raw', 'MNIST', '.'],
  cifar10: ['cifar10', 'cifar-10-batches-bin', '.'],
} as const;

const mnist = (
  split: 'train' | 'test',
  role: 'images' | 'labels',
  stem: string,
  kind: string,
  packed: string,
  unpacked: string,
): KnownFile => ({
  dataset: 'mnist',
  split,
  role,
  names: [`${stem}-${kind}-ubyte.gz`, `${stem}-${kind}-ubyte`, `${stem}.${kind}-ubyte`],
  sha256: [packed, unpacked],
});

const cifar10 = (split: 'train' | 'test' | 'testFirst1000', name: string, ...sha256: readonly string[]): KnownFile => ({
  dataset: 'cifar10',
  split,
  role: 'records',
  names: [name],
  sha256,
});

/**
 * Every file of MNIST and CIFAR-10 in the order of their images. `test_batch_first1000.bin` is the first tenth of
 * CIFAR-10's test file under its own name: results on it are never called test results.
 */
export const knownFiles: readonly KnownFile[] = [
  mnist(
    'train',
    'images',
    'train-images',
    'idx3',
    '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
    'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  ),
  mnist(
    'train',
    'labels',
    'train-labels',
    'idx1',
    '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
    '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  ),
  mnist(
    'test',
    'images',
    't10k-images',
    'idx3',
    '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
    '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  ),
  mnist(
    'test',
    'labels',
    't10k-labels',
    'idx1',
    'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
    'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  ),
  cifar10('train', 'data_batch_1.bin', 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5'),
  cifar10('train', 'data_batch_2.bin', 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed'),
  cifar10('train', 'data_batch_3.bin', 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67'),
  cifar10('train', 'data_batch_4.bin', '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48'),
  cifar10('train', 'data_batch_5.bin', '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add'),
  cifar10('test', 'test_batch.bin'),
  cifar10(
    'testFirst1000',
    'test_batch_first1000.bin',
    '8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5',
  ),
];

/** The known file with this hash, if any. */
export function recognised(sha256: string): KnownFile | undefined {
  return knownFiles.find((file) => file.sha256.includes(sha256));
}
