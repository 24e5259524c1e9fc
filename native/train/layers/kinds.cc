#include "train/layers/kinds.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/error.h"

namespace mft::train {
namespace {

std::map<std::string, LayerMakers>& kinds() {
  static std::map<std::string, LayerMakers> all;
  return all;
}

Error wrong_field(const LayerFields& fields, const std::string& name, const std::string& expected) {
  return Error("INVALID_ARGUMENT", "layers",
               "Expected `" + name + "` of a layer of kind " + fields.kind + " to be " + expected + ".");
}

}  // namespace

double LayerFields::number(const std::string& name) const {
  read_.insert(name);
  const auto found = numbers.find(name);
  if (found == numbers.end() || !std::isfinite(found->second)) throw wrong_field(*this, name, "a finite number");
  return found->second;
}

double LayerFields::number(const std::string& name, double otherwise) const {
  return numbers.count(name) == 0 ? otherwise : number(name);
}

double LayerFields::variance(const std::string& name) const {
  const double value = number(name);
  if (value < 0) throw wrong_field(*this, name, "at least 0");
  return value;
}

std::size_t LayerFields::count(const std::string& name) const {
  const double value = number(name);
  if (!(value >= 1 && value <= 2147483647.0) || std::floor(value) != value)
    throw wrong_field(*this, name, "a whole number of at least 1");
  return static_cast<std::size_t>(value);
}

bool LayerFields::flag(const std::string& name) const { return number(name) != 0; }

const std::string& LayerFields::word(const std::string& name) const {
  read_.insert(name);
  const auto found = words.find(name);
  if (found == words.end()) throw wrong_field(*this, name, "a word");
  return found->second;
}

Activation LayerFields::activation(const std::string& name) const {
  read_.insert(name);
  const auto found = activations.find(name);
  return found == activations.end() ? Activation{} : found->second;
}

const std::vector<double>& LayerFields::list(const std::string& name, std::size_t count) const {
  read_.insert(name);
  const auto found = lists.find(name);
  if (found == lists.end() || found->second.size() != count ||
      !std::all_of(found->second.begin(), found->second.end(), [](double x) { return std::isfinite(x); }))
    throw wrong_field(*this, name, "a list of " + std::to_string(count) + " finite numbers");
  return found->second;
}

std::string LayerFields::unread() const {
  const auto first = [&](const auto& fields) -> std::string {
    for (const auto& [name, value] : fields)
      if (read_.count(name) == 0) return name;
    return "";
  };
  const std::string number = first(numbers), word = first(words);
  const std::string list = first(lists);
  return !number.empty() ? number : !word.empty() ? word : !list.empty() ? list : first(activations);
}

Held held_of(const LayerFields& fields) {
  Held held;
  if (fields.numbers.count("heldNorm") > 0) held.norm = fields.variance("heldNorm");
  if (fields.numbers.count("heldRank") > 0) held.rank = fields.count("heldRank");
  return held;
}

bool register_layer(const std::string& kind, LayerMakers makers) {
  kinds()[kind] = makers;
  return true;
}

template <typename T>
std::unique_ptr<Layer<T>> make_layer(const LayerFields& fields, const LayerPlace& place) {
  const auto found = kinds().find(fields.kind);
  if (found == kinds().end()) {
    std::string known;
    for (const auto& [name, makers] : kinds()) known += (known.empty() ? "" : ", ") + name;
    throw Error("INVALID_ARGUMENT", "layers",
                "Expected the kind of a layer to be one of " + known + "; received " + fields.kind + ".");
  }
  std::unique_ptr<Layer<T>> layer;
  if constexpr (std::is_same_v<T, float>)
    layer = found->second.of_floats(fields, place);
  else
    layer = found->second.of_doubles(fields, place);
  const std::string unread = fields.unread();
  if (!unread.empty()) throw wrong_field(fields, unread, "left out: this kind has no such field");
  return layer;
}

template std::unique_ptr<Layer<float>> make_layer(const LayerFields&, const LayerPlace&);
template std::unique_ptr<Layer<double>> make_layer(const LayerFields&, const LayerPlace&);

}  // namespace mft::train
