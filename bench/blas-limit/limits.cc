// The physical limits of this machine, measured: multiply-add peak, copy bandwidth, our own normals per second.
#include <time.h>

#include <algorithm>
#include <thread>

#include "../competitor/serve.h"
#include "core/random.h"

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
using Floats [[gnu::vector_size(kBytes)]] = float;
using Doubles [[gnu::vector_size(kBytes)]] = double;
#if defined(__AVX512F__)
constexpr int kChains = 20;  // independent chains that hide the latency, all in registers
#else
constexpr int kChains = 12;
#endif

// Processor time of the calling thread: what the hardware can do, whatever else is running.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Repeats `step(thread)` on every thread for about 0.1 s; calls per second, all threads together.
template <class Step>
double rate(int threads, const Step& step) {
  std::vector<double> rates(static_cast<std::size_t>(threads));
  const auto work = [&](int thread) {
    step(thread);
    const double start = thread_seconds();
    std::size_t calls = 0;
    double seconds = 0.0;
    do {
      step(thread);
      ++calls;
      seconds = thread_seconds() - start;
    } while (seconds < 0.1);
    rates[static_cast<std::size_t>(thread)] = static_cast<double>(calls) / seconds;
  };
  std::vector<std::thread> team;
  for (int thread = 1; thread < threads; ++thread) team.emplace_back(work, thread);
  work(0);
  for (auto& member : team) member.join();
  double sum = 0.0;
  for (const double value : rates) sum += value;
  return sum;
}

// Not inlined: the chains stay in registers.
template <class Vector>
[[gnu::noinline]] void multiply_add(int rounds) {
  Vector chain[kChains];
#pragma GCC unroll 32
  for (int c = 0; c < kChains; ++c) chain[c] = Vector{} + static_cast<decltype(Vector{}[0])>(c);
  const Vector factor = Vector{} + static_cast<decltype(Vector{}[0])>(0.999),
               term = Vector{} + static_cast<decltype(Vector{}[0])>(1e-3);
  for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 32
    for (int c = 0; c < kChains; ++c) {
      chain[c] = chain[c] * factor + term;
      asm volatile("" : "+v"(chain[c]));
    }
  }
}

template <class Vector>
double peak(int threads) {
  constexpr int kRounds = 20000;
  const double operations = 2.0 * kRounds * kChains * static_cast<double>(sizeof(Vector) / sizeof(Vector{}[0]));
  return operations * rate(threads, [](int) { multiply_add<Vector>(kRounds); });
}

// Bytes written per second by copies that do not fit into the caches (as many are read).
double copy_bandwidth(int threads) {
  constexpr std::size_t kSize = std::size_t{64} << 20;
  std::vector<std::vector<char>> from(static_cast<std::size_t>(threads), std::vector<char>(kSize, 1)), to = from;
  const double copies = rate(threads, [&](int thread) {
    const auto t = static_cast<std::size_t>(thread);
    std::copy(from[t].begin(), from[t].end(), to[t].begin());
    asm volatile("" : : "r"(to[t].data()) : "memory");
  });
  return copies * static_cast<double>(kSize);
}

template <class Real>
double normals(int threads) {
  constexpr std::size_t kSize = 16384 / sizeof(Real);
  struct alignas(64) Block {
    Real values[kSize];
    std::uint64_t position = 0;
  };
  std::vector<Block> blocks(static_cast<std::size_t>(threads));
  constexpr int kFills = 64;  // blocks between two looks at the clock
  const double steps = rate(threads, [&](int thread) {
    auto& block = blocks[static_cast<std::size_t>(thread)];
    for (int fill = 0; fill < kFills; ++fill) {
      mft::random_normals({.seed = 1, .trial = static_cast<std::uint32_t>(thread)}, block.position,
                          std::span<Real>(block.values));
      block.position += kSize;
    }
  });
  return steps * static_cast<double>(kFills * kSize);
}

}  // namespace

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const int threads = static_cast<int>(options.number("threads"));
  bench::serve([&](std::uint64_t) {
    bench::Answer answer;
    answer.observables["multiplyAddFloat32"] = {peak<Floats>(threads)};
    answer.observables["multiplyAddFloat64"] = {peak<Doubles>(threads)};
    answer.observables["copyBandwidth"] = {copy_bandwidth(threads)};
    answer.observables["normalsFloat32"] = {normals<float>(threads)};
    answer.observables["normalsFloat64"] = {normals<double>(threads)};
    return answer;
  });
}
