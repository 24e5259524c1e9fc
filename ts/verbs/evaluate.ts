// evaluate: one named quantity of a specification's table.
import { withJson } from '../core/codec.js';
import { type ControlOptions, throwIfAborted } from '../core/control.js';
import { plainCopy } from '../core/copy.js';
import { definedQuantity } from '../core/defined.js';
import { describe, didYouMean, MftError } from '../core/errors.js';
import { requireRoom } from '../core/memory.js';
import { controlOptions } from '../core/options.js';
import { loadSystem, type SystemName, type Systems } from '../systems/registry.js';
import type { ParametersOf, ValueOf } from './described.js';

/**
 * One quantity of a system by its name; what the reference files are checked with.
 *
 * @param systemName e.g. 'feedforward'
 * @param quantity a name of the system's quantity table (docs/systems/<name>.md)
 * @param parameters its parameters; unknown ones are refused
 * @param options progress and cancellation
 * @returns a promise of the value: a number, text, boolean, list or record; `{ reason }` where it is undefined
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT for an unknown system, quantity or parameter, ERR_MFT_MEMORY
 *   for more memory than there is, and what the quantity itself throws
 *
 * **Numerics**: the `Numerics` of the quantity on the page of the system; the reference values hold to their tolerances.
 * **Source**: the `source` of the quantity.
 *
 * @example
 * import { evaluate } from 'mft-native';
 * await evaluate('feedforward', 'criticalWeightVariance', { activation: 'tanh', biasVariance: 0.05 }); // 1.7609546396…
 */
export async function evaluate<K extends SystemName, Q extends Systems[K]['quantity'] = Systems[K]['quantity']>(
  systemName: K,
  quantity: Q,
  parameters: ParametersOf<K, Q>,
  options: ControlOptions = {},
): Promise<ValueOf<K, Q>> {
  const control = controlOptions(options);
  throwIfAborted(control);
  const given = plainCopy(parameters, 'parameters');
  const system = await loadSystem(systemName);
  const found =
    typeof quantity === 'string' && Object.hasOwn(system.quantities, quantity)
      ? system.quantities[quantity]
      : undefined;
  if (found === undefined) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Unknown quantity ${describe(quantity)} of system ${systemName}${didYouMean(quantity, Object.keys(system.quantities))}`,
      {
        parameter: 'quantity',
        received: quantity,
      },
    );
  }
  const resolved = found.resolve(given, `parameters of ${quantity}`);
  const grows = ['depth', 'step', 'steps', 'samples', 'width'].filter((name) => resolved[name] !== undefined);
  requireRoom('quantity', found.bytes?.(resolved as never) ?? 0, grows, false);
  const value = definedQuantity(await found.evaluate(resolved as never, control));
  return (typeof value === 'object' ? withJson(value) : value) as ValueOf<K, Q>;
}
