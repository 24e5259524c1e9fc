// advise: the findings of a spec's own system, and of other systems that describe the same network, in one report.
import type { ResolvedFeedforwardSpec } from '../systems/feedforward/spec.js';
import { residualChange } from './residual-change.js';
import { withJson } from '../core/codec.js';
import { type ControlOptions, throwIfAborted } from '../core/control.js';
import { controlOptions } from '../core/options.js';
import { provenance } from '../core/provenance.js';
import { type Finding, isUndefined, type Provenance, schemaVersion, type Undefined } from '../core/results.js';
import { MftError } from '../core/errors.js';
import type { SystemOptions } from '../core/system.js';
import { loadSystem, type SystemName } from '../systems/registry.js';
import { givenSpec, withInputs } from '../verbs/inputs.js';
import type { SpecOf } from '../verbs/results.js';

/** What one system has to say about the network. */
export interface AdviceSection {
  readonly system: SystemName;
  /** The network as that system sees it. */
  readonly spec: unknown;
  /** Its findings, the most severe first; or why it has none. */
  readonly findings: readonly Finding[] | Undefined;
}

export interface Advice {
  readonly kind: 'advice';
  readonly schemaVersion: typeof schemaVersion;
  readonly sections: readonly AdviceSection[];
  readonly provenance: Provenance;
}

const order = { critical: 0, warning: 1, info: 2 } as const;

/**
 * What theory says about training this network: phase, depth scales, trainable depth with its uncertainty, what would break
 * it first, and the nearest change that would help, each with the numbers behind it.
 *
 * @param spec a network of any system; its own findings come first, then those of related systems (a dropout network as a
 *   percolation problem, …)
 * @param options progress and cancellation
 * @returns a promise of sections, one per system, each with findings or with the reason why there is no advice
 * @throws MftError (rejects) for a bad spec, as `predict`
 *
 * **Source**: the pages of the systems say which finding is a paper's and which is derived.
 * **Numerics**: numbers are those of `predict`; intervals are those of measured boundaries, named in the finding.
 *
 * @example
 * import { advise } from 'mft-native';
 * const { sections } = await advise({ system: 'feedforward', activation: 'tanh', weightVariance: 1.2, biasVariance:
 * 0.05, keepProbability: 0.9, depth: 60 });
 * console.log(sections.map((section) => section.system));
 */
export async function advise<K extends SystemName>(spec: SpecOf<K>, options: ControlOptions = {}): Promise<Advice> {
  const control = controlOptions(options);
  throwIfAborted(control);
  const given = givenSpec(spec);
  const system = await loadSystem(given.system);
  const { spec: resolved, context } = await withInputs(system.resolveSpec(given), control);
  const own = await section(system.name, resolved, { ...control, ...context });
  const sections = [system.name === 'feedforward' ? await withResidual(own, control) : own];
  for (const related of system.related?.(resolved) ?? []) {
    throwIfAborted(control);
    const other = await loadSystem(related.system);
    sections.push(await section(other.name, other.resolveSpec(related), control));
  }
  return withJson({ kind: 'advice', schemaVersion, sections, provenance: provenance(system.version) });
}

async function section(name: string, spec: unknown, options: SystemOptions): Promise<AdviceSection> {
  const system = await loadSystem(name);
  const base = { system: system.name as SystemName, spec };
  if (system.findings === undefined) return { ...base, findings: { reason: `system ${name} gives no advice` } };
  try {
    const findings = await system.findings(spec, options);
    return { ...base, findings: [...findings].sort((a, b) => order[a.severity] - order[b.severity]) };
  } catch (error) {
    // A network without a fixed point, say, has no depth scales to advise from: that itself is the finding.
    if (
      error instanceof MftError &&
      ['ERR_MFT_NO_FIXED_POINT', 'ERR_MFT_DEGENERATE', 'ERR_MFT_UNSUPPORTED', 'ERR_MFT_NOT_FINITE'].includes(error.code)
    )
      return { ...base, findings: { reason: error.message } };
    throw error;
  }
}

/** The section with residual connections among its changes, where they help. */
async function withResidual(own: AdviceSection, options: ControlOptions): Promise<AdviceSection> {
  if (isUndefined(own.findings)) return own;
  const more = await residualChange(own.spec as ResolvedFeedforwardSpec, own.findings, options);
  return { ...own, findings: [...own.findings, ...more] };
}
