#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace random_test {

/// What a run of random operations is given; the same seed gives the same run.
struct options {
  std::uint64_t seed = std::random_device{}();
  std::uint64_t operations = 0;  ///< 0: until `seconds` are over.
  double seconds = 0;
  std::string only;  ///< Parts whose name contains it.

  /// How to repeat the run.
  [[nodiscard]] std::string replay() const {
    std::string text = "--seed " + std::to_string(seed);
    if (operations != 0) text += " --operations " + std::to_string(operations);
    return text;
  }
};

/// Reads [--seed N] [--operations N] [--seconds N] [--only TEXT]; anything else ends the program.
options parse(int argc, char** argv, options defaults);

/// Random numbers in the shapes that a random test wants.
class dice {
 public:
  explicit dice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t bits() { return random_(); }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool one_in(std::uint64_t n) { return random_() % n == 0; }

 private:
  std::mt19937_64 random_;
};

}  // namespace random_test
