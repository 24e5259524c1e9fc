// TensorFlow.js, backend wasm.
import { serveTfjsTraining } from '../competitor/tfjs-training.mjs';

await serveTfjsTraining('wasm');
