// Training through the public API.
import { serveTraining } from '../runner/training-frame.mjs';
import { trained } from './task.mjs';

await serveTraining(trained);
