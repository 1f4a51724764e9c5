#include "random/options.hpp"

#include <cstdio>
#include <cstdlib>

namespace random_test {

options parse(int argc, char** argv, options defaults) {
  options given = std::move(defaults);
  for (int n = 1; n < argc; n += 2) {
    const std::string name = argv[n];
    const char* text = n + 1 < argc ? argv[n + 1] : "";
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(text, &end, 0);
    const bool is_number = *text != '\0' && *end == '\0';
    if (name == "--only" && *text != '\0') {
      given.only = text;
    } else if (name == "--seed" && is_number) {
      given.seed = value;
    } else if (name == "--operations" && is_number) {
      given.operations = value;
    } else if (name == "--seconds" && is_number) {
      given.seconds = static_cast<double>(value);
    } else {
      std::fprintf(stderr, "usage: [--seed N] [--operations N] [--seconds N] [--only TEXT]\n");
      std::exit(2);
    }
  }
  return given;
}

}  // namespace random_test
