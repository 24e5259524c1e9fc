// What the help of a command ends with: a few command lines that run as they stand, and what exit codes mean.
import type { Command } from 'commander';

/** Of every command its examples, with what they show. */
export const examples: Readonly<Record<string, readonly (readonly [line: string, shows: string])[]>> = {
  predict: [
    ['mft predict --activation tanh --weight-variance 1.76 --bias-variance 0.05', 'fixed points, depth scales, layers'],
    ['mft predict --activation relu --weight-variance 2 --depth 30 --json', 'the whole result'],
  ],
  simulate: [
    ['mft simulate --activation gelu --weight-variance 2 --depth 10 --width 200 --trials 5', 'mean over networks'],
  ],
  compare: [['mft compare --activation tanh --weight-variance 1.4 --depth 10 --width 300', 'z-scores and a verdict']],
  fit: [
    ['mft fit points.json --law power', 'coefficient and exponent of {"x": [...], "y": [...]} with standard errors'],
  ],
  train: [['mft train synthetic --depth 3 --width 100 --steps 100', 'loss and accuracy']],
  map: [
    [
      'mft map --axis weightVariance=1:3:5 --axis biasVariance=0,0.1 --quantities depthScaleCorrelation',
      'a depth scale over two variances',
    ],
  ],
  evaluate: [
    [
      `mft evaluate feedforward criticalWeightVariance --parameters '{"activation":"tanh","biasVariance":0.05}'`,
      '1.7609546…',
    ],
  ],
  advise: [
    ['mft advise --activation gelu --weight-variance 2 --depth 30 --keep-probability 0.9', 'what is wrong, what helps'],
  ],
  init: [
    [
      'mft init --activation gelu --depth 30 --keep-probability 0.9 --library pytorch',
      'variances, and code that sets them',
    ],
  ],
  inspect: [['mft inspect model.safetensors', 'the weights of a file layer by layer']],
  figure: [
    ['mft figure', 'what there is to draw'],
    ['mft figure phaseDiagram --activation tanh -o phase.html', 'ordered and chaotic, with the critical line'],
  ],
  explore: [
    ['mft explore --activation gelu --depth 30', 'prints the address of the page; Ctrl-C ends it'],
    ['mft explore --export page.html --axis weightVariance=1:3:9 --axis depth=10,50', 'one file for a colleague'],
    ['mft explore --port 8080', 'behind a tunnel: ssh -L 8080:127.0.0.1:8080 server'],
  ],
  reproduce: [['mft reproduce', 'the published figures and tables by name']],
  sweep: [
    ['mft sweep run plan.json --journal rows.jsonl', 'runs a plan; the same line goes on after Ctrl-C'],
    ['mft sweep export rows.jsonl --csv rows.csv --report report.html', 'table and figures'],
  ],
  worker: [['mft worker --redis rediss://queue.example.org', 'takes jobs of a sweep']],
  data: [['mft data check', 'which data sets are there, and whether they are whole']],
  gain: [['mft gain gelu', 'the factor that keeps the mean square']],
  shape: [['mft shape --activation silu --depth 50', 'an activation that trains at this depth without normalisation']],
  infer: [
    [
      'mft infer net.npz synthetic --width 100 --depth 3',
      'classes and accuracy of a network that train --save-weights wrote',
    ],
  ],
  scaling: [
    ['mft scaling --widths 64,128,256 --depth 3 --rule muP', 'how activations and their changes grow with the width'],
  ],
  completion: [
    ['source <(mft completion bash)', 'in ~/.bashrc; zsh likewise in ~/.zshrc'],
    ['mft completion fish > ~/.config/fish/completions/mft.fish', 'fish reads it when it starts'],
  ],
  doctor: [['mft doctor --json', 'what a bug report needs']],
};

const exitCodes =
  'Exit codes: 0 done, 1 unexpected, 2 usage, 3 finished with failed jobs, 4 environment, 130 interrupted.';

export function addExamples(command: Command): void {
  const lines = (examples[command.name()] ?? []).map(([line, shows]) => `  ${line}\n      ${shows}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n\n${exitCodes}`);
}
