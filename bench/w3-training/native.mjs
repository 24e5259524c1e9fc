// Training through `train`, from given starting weights.
import { readOptions, serve } from '../competitor/serve.mjs';
import { trainingAnswer, trainingJob } from '../runner/training.mjs';

const options = readOptions();
const job = trainingJob(options);
await serve(async (seed) => trainingAnswer(options, await job(seed)));
