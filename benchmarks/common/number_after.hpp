#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

/// The number behind `flag` on the command line, else `otherwise`. Ends the program with status 2
/// and a message where what stands there is no whole number of 1 or more.
inline int number_after(int argc, char** argv, const char* flag, int otherwise) {
  for (int n = 1; n < argc; ++n) {
    if (std::strcmp(argv[n], flag) != 0) continue;
    const char* const text = n + 1 < argc ? argv[n + 1] : "";
    const char* const end = text + std::strlen(text);
    int value = 0;
    if (const auto read = std::from_chars(text, end, value);
        read.ec == std::errc() && read.ptr == end && value >= 1) {
      return value;
    }
    std::fprintf(stderr, "%s: %s needs a whole number of 1 or more, not '%s'\n", argv[0], flag,
                 text);
    std::exit(2);
  }
  return otherwise;
}

}  // namespace bench
