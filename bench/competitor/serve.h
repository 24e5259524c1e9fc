// The child side of the runner's protocol, for C++ competitors: options come as name=value arguments, every line `run
// SEED` on standard input is answered by one line of JSON with the seconds and the answer; end of input ends the
// program.
#pragma once
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

class Options {
 public:
  Options(int count, char** arguments) {
    for (int i = 1; i < count; ++i) {
      const std::string argument = arguments[i];
      const auto equals = argument.find('=');
      if (equals == std::string::npos) throw std::invalid_argument("expected name=value, received " + argument);
      values_[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
  }
  std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::invalid_argument("option " + name + " is missing");
    return found->second;
  }
  double number(const std::string& name) const { return std::stod(text(name)); }
  std::size_t whole(const std::string& name) const { return static_cast<std::size_t>(number(name)); }

 private:
  std::map<std::string, std::string> values_;
};

// Means over the networks of one run, observable by observable.
struct Answer {
  std::size_t networks = 1;
  std::map<std::string, std::vector<double>> observables;
};

inline void write_numbers(std::ostream& out, const std::vector<double>& values) {
  out << '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out << ',';
    if (std::isfinite(values[i]))
      out << values[i];
    else
      out << "null";
  }
  out << ']';
}

inline double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// run(seed) is what is timed.
inline void serve(const std::function<Answer(std::uint64_t seed)>& run) {
  std::cout << "{\"ready\":true}" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string verb;
    std::uint64_t seed = 0;
    words >> verb >> seed;
    if (verb != "run") break;
    const double processor = processor_seconds();
    const auto start = std::chrono::steady_clock::now();
    const Answer answer = run(seed);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::ostringstream out;
    out.precision(12);
    out << "{\"seconds\":" << seconds << ",\"processorSeconds\":" << processor_seconds() - processor
        << ",\"answer\":{\"networks\":" << answer.networks << ",\"observables\":{";
    bool is_first = true;
    for (const auto& [name, values] : answer.observables) {
      out << (is_first ? "\"" : ",\"") << name << "\":";
      write_numbers(out, values);
      is_first = false;
    }
    out << "}}}";
    std::cout << out.str() << std::endl;
  }
}

}  // namespace bench
