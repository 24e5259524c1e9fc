// What a perplexity stands against: words by their frequency alone, and by the word before.
import type { Examples } from '../../core/trainer.js';

/** Share of the bigram in the mixture. */
const bigramShare = 0.7;

/**
 * Perplexities of the next words of `test` under the frequencies of `train`: p(w) = (n_w + 1)/(n + V) (`unigramPerplexity`), and
 * 0.7 n_vw/n_v + 0.3 p(w) after a word v (`bigramPerplexity`; add-one counts of pairs do worse than single words).
 */
export function wordBaselines(
  train: Examples,
  test: Examples,
): { readonly unigramPerplexity: number; readonly bigramPerplexity: number } {
  const [words, next] = [train.images, train.labels ?? []];
  const kinds = train.classes;
  const single = new Float64Array(kinds);
  const before = new Float64Array(kinds);
  const pairs = new Map<number, number>();
  for (let i = 0; i < words.length; i++) {
    const [v, w] = [words[i] as number, next[i] as number];
    // Every word is the next of one but the first of the text.
    if (i === 0) single[v] = 1;
    single[w] = (single[w] as number) + 1;
    before[v] = (before[v] as number) + 1;
    pairs.set(v * kinds + w, (pairs.get(v * kinds + w) ?? 0) + 1);
  }
  const frequency = (w: number): number => ((single[w] as number) + 1) / (words.length + 1 + kinds);
  let [unigram, bigram] = [0, 0];
  const labels = test.labels ?? [];
  for (let i = 0; i < labels.length; i++) {
    const [v, w] = [test.images[i] as number, labels[i] as number];
    unigram -= Math.log(frequency(w));
    const pair = (before[v] as number) > 0 ? (pairs.get(v * kinds + w) ?? 0) / (before[v] as number) : 0;
    bigram -= Math.log(bigramShare * pair + (1 - bigramShare) * frequency(w));
  }
  return {
    unigramPerplexity: Math.exp(unigram / labels.length),
    bigramPerplexity: Math.exp(bigram / labels.length),
  };
}
