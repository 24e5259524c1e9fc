// TensorFlow.js, backend node.
import { serveTfjsTraining } from '../competitor/tfjs-training.mjs';

await serveTfjsTraining('node');
