// TensorFlow.js, backend wasm.
import { serveTfjs } from '../competitor/tfjs-network.mjs';

await serveTfjs('wasm');
