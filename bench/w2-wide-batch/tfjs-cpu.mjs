// TensorFlow.js, backend cpu.
import { serveTfjs } from '../competitor/tfjs-network.mjs';

await serveTfjs('cpu');
