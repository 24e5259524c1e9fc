// TensorFlow.js, backend node.
import { serveTfjs } from '../competitor/tfjs-network.mjs';

await serveTfjs('node');
