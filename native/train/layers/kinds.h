// Kinds of layers: each is a file of this folder that registers its name and how it is made from the fields of a plan.
// Nothing else knows which kinds there are.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/activation.h"
#include "train/held.h"
#include "train/layer.h"

namespace mft::train {

// What a plan says of one layer, by name: numbers (true is 1), words, activations, lists of numbers. Reading a field
// marks it as read.
class LayerFields {
 public:
  std::string kind;
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> words;
  std::map<std::string, Activation> activations;
  std::map<std::string, std::vector<double>> lists = {};

  // Throw INVALID_ARGUMENT where the field is missing or out of range.
  double number(const std::string& name) const;
  double number(const std::string& name, double otherwise) const;
  double variance(const std::string& name) const;    // >= 0
  std::size_t count(const std::string& name) const;  // whole, 1 to 2^31 - 1
  bool flag(const std::string& name) const;
  const std::string& word(const std::string& name) const;
  Activation activation(const std::string& name) const;                               // the identity when left out
  const std::vector<double>& list(const std::string& name, std::size_t count) const;  // so many finite numbers
  // The first field that nothing has read; empty when all were.
  std::string unread() const;

 private:
  mutable std::set<std::string> read_;
};

// Fields `heldNorm` and `heldRank`, where there are any.
Held held_of(const LayerFields& fields);

// Where a layer stands: the numbers of a row it gets, and its number, counted from 1.
struct LayerPlace {
  std::size_t inputs = 0;
  std::size_t number = 0;
};

template <typename T>
using LayerMaker = std::unique_ptr<Layer<T>> (*)(const LayerFields& fields, const LayerPlace& place);

struct LayerMakers {
  LayerMaker<float> of_floats;
  LayerMaker<double> of_doubles;
};

// Called once for each kind before main. Always true.
bool register_layer(const std::string& kind, LayerMakers makers);

// Throws INVALID_ARGUMENT for a kind nobody registered, a field that is missing, and a field that the kind does not
// read.
template <typename T>
std::unique_ptr<Layer<T>> make_layer(const LayerFields& fields, const LayerPlace& place);

}  // namespace mft::train
