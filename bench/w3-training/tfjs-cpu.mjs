// TensorFlow.js, backend cpu.
import { serveTfjsTraining } from '../competitor/tfjs-training.mjs';

await serveTfjsTraining('cpu');
