// Initializations as code for other libraries: functions over a model, which refuse by name what they would get wrong.

/** What a snippet sets. */
interface LayerVariances {
  /** One line: what it is for. */
  readonly title: string;
  /** σ_w² of all layers but the first. */
  readonly weightVariance: number;
  /** σ_w² of the first layer times the mean square of an input component. */
  readonly firstSignal: number;
  /** σ_b². */
  readonly biasVariance: number;
  readonly secondMoment: number;
}

/** Code for other libraries; every function takes the mean square of an input component. */
export interface LibraryCode {
  /** `initialize(model, second_moment)` over the `torch.nn.Linear` modules of a model, in the order of `named_modules()`. */
  readonly pytorch: string;
  /** `initialize(tf, model, secondMoment)` over the dense layers of a TensorFlow.js model. */
  readonly tfjs: string;
  /** `initialize(model, second_moment)` over the `Dense` layers of a built Keras model. */
  readonly keras: string;
  /** `dense(features, is_first, second_moment)`: a `flax.linen.Dense` with its initializers. */
  readonly flax: string;
}

export function libraryCode(variances: LayerVariances): LibraryCode {
  return {
    pytorch: pytorch(variances),
    tfjs: tfjs(variances),
    keras: keras(variances),
    flax: flax(variances),
  };
}

function pytorch({ title, weightVariance, firstSignal, biasVariance, secondMoment }: LayerVariances): string {
  return `import math
import torch


def initialize(model, second_moment=${secondMoment}):
    """${title}

    Linear layers in the order of model.named_modules(), which has to be the order of the network. normal_ takes a standard
    deviation: sqrt(variance / in_features). (As a gain, sqrt(variance) is for orthogonal_ of layers that do not widen;
    xavier_normal_ and kaiming_normal_ read their gain differently.)
    """
    weight_variance, bias_variance = ${weightVariance}, ${biasVariance}
    layers = []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            layers.append((name, module))
            if torch.nn.utils.parametrize.is_parametrized(module):
                raise TypeError(f"{name}: a parametrization recomputes the weight; initialize before it is added")
            if any(hasattr(module, old) for old in ("weight_g", "weight_orig")):
                raise TypeError(f"{name}: weight_norm, spectral_norm or pruning recomputes the weight; initialize before it is added")
            if isinstance(module.weight, torch.nn.parameter.UninitializedParameter):
                raise TypeError(f"{name}: a lazy layer has no weight yet; run the model once")
            if module.weight.dtype in (torch.float16, torch.bfloat16):
                raise TypeError(f"{name}: {module.weight.dtype} is half precision; initialize in float32, then convert")
            if bias_variance > 0 and module.bias is None:
                raise TypeError(f"{name}: the layer has no bias, and this initialization needs one of variance {bias_variance}")
        elif "parametrizations" not in name and any(True for _ in module.parameters(recurse=False)):
            raise TypeError(f"{name}: {type(module).__name__} is no Linear layer; this initialization is not for it")
    if not layers:
        raise TypeError("the model has no Linear layer")
    with torch.no_grad():
        for index, (_, layer) in enumerate(layers):
            variance = ${firstSignal} / second_moment if index == 0 else weight_variance
            layer.weight.normal_(0.0, math.sqrt(variance / layer.in_features))
            if layer.bias is not None:
                layer.bias.normal_(0.0, math.sqrt(bias_variance))
    return model
`;
}

function tfjs({ title, weightVariance, firstSignal, biasVariance, secondMoment }: LayerVariances): string {
  return `// ${title}
// Dense layers in the order of model.layers. tf.randomNormal has the variance it says (varianceScaling and heNormal are
// truncated without correction) and gets no seed: seed 0 is none, and equal seeds would make layers equal.
function initialize(tf, model, secondMoment = ${secondMoment}) {
  const [weightVariance, biasVariance] = [${weightVariance}, ${biasVariance}];
  const layers = [];
  for (const layer of model.layers) {
    if (layer.getClassName() === 'Dense') layers.push(layer);
    else if (layer.weights.length > 0)
      throw new TypeError(\`\${layer.name}: \${layer.getClassName()} is no dense layer; this initialization is not for it\`);
  }
  if (layers.length === 0) throw new TypeError('the model has no dense layer');
  for (const layer of layers) {
    const [kernel, bias] = layer.getWeights();
    if (kernel === undefined) throw new TypeError(\`\${layer.name}: the layer is not built; give it an inputShape\`);
    if (bias === undefined && biasVariance > 0)
      throw new TypeError(\`\${layer.name}: the layer has no bias, and this initialization needs one of variance \${biasVariance}\`);
  }
  layers.forEach((layer, index) => {
    const [kernel, bias] = layer.getWeights();
    const variance = index === 0 ? ${firstSignal} / secondMoment : weightVariance;
    const weights = [tf.randomNormal(kernel.shape, 0, Math.sqrt(variance / kernel.shape[0]))];
    if (bias !== undefined)
      weights.push(biasVariance === 0 ? tf.zeros(bias.shape) : tf.randomNormal(bias.shape, 0, Math.sqrt(biasVariance)));
    layer.setWeights(weights);
    tf.dispose(weights);
  });
  return model;
}
`;
}

function keras({ title, weightVariance, firstSignal, biasVariance, secondMoment }: LayerVariances): string {
  return `import math
import keras
import numpy


def initialize(model, second_moment=${secondMoment}, seed=None):
    """${title}

    Dense layers in the order of model.layers; the model has to be built.
    """
    weight_variance, bias_variance = ${weightVariance}, ${biasVariance}
    random = numpy.random.default_rng(seed)
    layers = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            layers.append(layer)
            if not layer.built:
                raise TypeError(f"{layer.name}: the layer is not built; call the model once")
            if "16" in str(layer.variable_dtype):
                raise TypeError(f"{layer.name}: {layer.variable_dtype} is half precision; initialize in float32, then convert")
            if bias_variance > 0 and not layer.use_bias:
                raise TypeError(f"{layer.name}: the layer has no bias, and this initialization needs one of variance {bias_variance}")
        elif layer.weights:
            raise TypeError(f"{layer.name}: {type(layer).__name__} is no Dense layer; this initialization is not for it")
    if not layers:
        raise TypeError("the model has no Dense layer")
    for index, layer in enumerate(layers):
        variance = ${firstSignal} / second_moment if index == 0 else weight_variance
        shape = tuple(layer.kernel.shape)
        layer.kernel.assign(random.normal(0.0, math.sqrt(variance / shape[0]), shape))
        if layer.use_bias:
            layer.bias.assign(random.normal(0.0, math.sqrt(bias_variance), tuple(layer.bias.shape)))
    return model
`;
}

function flax({ title, weightVariance, firstSignal, biasVariance, secondMoment }: LayerVariances): string {
  return `import math
import flax.linen
import jax


def dense(features, is_first=False, second_moment=${secondMoment}):
    """${title}

    A dense layer; the first one of the network says so.
    """
    variance = ${firstSignal} / second_moment if is_first else ${weightVariance}
    return flax.linen.Dense(
        features,
        use_bias=True,
        kernel_init=jax.nn.initializers.variance_scaling(variance, "fan_in", "normal"),
        bias_init=jax.nn.initializers.normal(math.sqrt(${biasVariance})),
    )
`;
}
