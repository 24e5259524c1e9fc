// The definitions of core/random, element by element, without vectors or speed: documentation, and the twin that the
// tests hold the fast loops against. Words, uniforms and bits are the same; normals are rounded from long double.
#pragma once
#include <cstdint>

#include "core/random.h"

namespace mft::naive {

std::uint32_t random_word(const Stream& stream, std::uint64_t i);
std::uint64_t random_word64(const Stream& stream, std::uint64_t i);
double random_uniform(const Stream& stream, std::uint64_t i);
// Box-Muller of a word for the radius and a word for the direction: the cosine's element, or the sine's.
long double box_muller_float(std::uint32_t radius, std::uint32_t direction, bool second);
long double box_muller_double(std::uint64_t radius, std::uint64_t direction, bool second);
// The exact transform of the words of element i.
long double random_normal_float(const Stream& stream, std::uint64_t i);
long double random_normal_double(const Stream& stream, std::uint64_t i);
bool random_bernoulli(const Stream& stream, std::uint64_t i, double p);

}  // namespace mft::naive
