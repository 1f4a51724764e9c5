#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace word_count {

/// What the command line asks for.
struct options {
  std::vector<std::string> paths;
  std::string output;      ///< Where every word goes; empty: nowhere.
  std::uint32_t top = 10;  ///< Words in the table at the end.
  // The single-process program has no more than these.
  std::uint32_t workers = 4;
  std::chrono::nanoseconds kill_every{0};  ///< 0: never.
  std::string poison;                      ///< The file on which workers crash; empty: none.
};

/// Which of the two programs asks.
enum class program { processes, single };

/// Reads the command line. @returns nothing when the program is to end now with `status`: 0 after
/// --help, 2 after a sentence about what is wrong.
std::optional<options> read_options(int argc, char** argv, program which, int& status);

/// Reads "20ms", "1.5s", "5m": a number above 0 and its unit (us, ms, s, m, h).
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace word_count
