// The functions the addon exports, one adapter file per subject. addon.cc is the list.
#pragma once
#include <napi.h>

namespace mft::node {

// environment.cc: what this machine and this binary are.
Napi::Value environment(const Napi::CallbackInfo& info);          // () -> object
Napi::Value use_instruction_set(const Napi::CallbackInfo& info);  // (name) -> undefined

// file_lock.cc: one writer per journal.
Napi::Value lock_file(const Napi::CallbackInfo& info);  // (fd) -> boolean

// random.cc: the generator, for tests and reproducible drawing in TypeScript.
Napi::Value normals(const Napi::CallbackInfo& info);   // ({seed, trial, layer, purpose, first, count}) -> Float64Array
Napi::Value uniforms(const Napi::CallbackInfo& info);  // same

// activation.cc: phi and its derivatives of a resolved activation.
Napi::Value activate(const Napi::CallbackInfo& info);  // ({activation, z, order: 0, 1, 2}) -> Float64Array

// feedforward.cc: the engines of system feedforward.
Napi::Value simulate_feedforward(const Napi::CallbackInfo& info);  // (parameters, control?) -> Promise of raw rows
Napi::Value feedforward_layout(const Napi::CallbackInfo& info);    // (parameters) -> places of the observables in a row
Napi::Value feedforward_memory(const Napi::CallbackInfo& info);    // (parameters) -> bytes

// feedforward_phase.cc: fixed points and multipliers over many points.
Napi::Value feedforward_phase(const Napi::CallbackInfo& info);  // (points, control?) -> Promise of rows

// gaussian.cc: Gaussian expectations of an activation; the rules' points for integrands written in JavaScript.
Napi::Value gaussian(
    const Napi::CallbackInfo& info);  // ({what, activation, integrand, varianceA, ...}) -> Float64Array
Napi::Value start_gaussian(const Napi::CallbackInfo& info);  // (the same and threads, control) -> Promise<Float64Array>
Napi::Value gaussian_rule_points(const Napi::CallbackInfo& info);  // ({kinks, scale, variance}) -> {points, weights}
Napi::Value gaussian_pair_rule_points(
    const Napi::CallbackInfo& info);  // ({kinks, scale, varianceA, ...}) -> {first, second, weights}

// percolation.cc: system `percolation`, exact chains and Monte Carlo; ts/core/addon.ts has the fields.
Napi::Value percolation_reach(const Napi::CallbackInfo& info);       // (network, control?) -> Promise<Float64Array>
Napi::Value percolation_stationary(const Napi::CallbackInfo& info);  // (layer, control?) -> Promise<Float64Array>
Napi::Value percolation_lattice(const Napi::CallbackInfo& info);     // (lattice, control?) -> Promise<Float64Array>
Napi::Value percolation_count(const Napi::CallbackInfo& info);  // (masks, control?) -> Promise<object of Float64Arrays>
Napi::Value percolation_split(const Napi::CallbackInfo& info);  // (masks, control?) -> Promise<object>

// residual.cc: system `residual`.
Napi::Value residual_recurrence(
    const Napi::CallbackInfo& info);  // (options, network, control) -> Promise<object of Float64Arrays>
Napi::Value residual_simulate(
    const Napi::CallbackInfo& info);  // (options, network, control) -> Promise<Float64Array> of rows
Napi::Value residual_memory(const Napi::CallbackInfo& info);                 // (options, network) -> bytes
Napi::Value alpha_relu_correlation_map(const Napi::CallbackInfo& info);      // (alpha, correlation) -> number
Napi::Value alpha_relu_correlation_deficit(const Napi::CallbackInfo& info);  // (alpha, deficit) -> number
Napi::Value alpha_relu_correlation_slope(const Napi::CallbackInfo& info);    // (alpha, deficit) -> number
Napi::Value tanh_second_moment_complement(const Napi::CallbackInfo& info);   // (variance) -> number

// train.cc: training of fully connected networks.
Napi::Value train_networks(
    const Napi::CallbackInfo& info);  // ({jobs, train, test?, threads}, control?) -> Promise of results
Napi::Value training_memory(const Napi::CallbackInfo& info);  // (job) -> bytes

}  // namespace mft::node
