// Entry of the child processes.
import { serveJobs } from './job-process.js';
import { verbs } from './verbs.js';

serveJobs(verbs);
