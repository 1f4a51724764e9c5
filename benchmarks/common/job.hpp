#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What a measuring program can be asked for; the same command line for ours, raw limits and peers:
///   <program> one_way|round_trip|<own mode> [--variant V] [--bytes N] [--count N]
///             [--producers N] [--consumers N] [--slots N] [--cpus A,B]
/// It prints one line of JSON (report.hpp).
struct job {
  std::string mode = "one_way";
  std::string variant;            ///< A program's own choice of method; empty: its first.
  std::uint64_t bytes = 64;       ///< A message.
  std::uint64_t count = 100'000;  ///< Messages of each producer, or round trips.
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint32_t slots = 4096;  ///< Messages under way at most, where that can be chosen.
  int producer_cpu = 0;        ///< -1: not pinned.
  int consumer_cpu = 1;
};

/// The program cannot do what it was asked for: the runner skips it and says so.
struct unsupported : std::runtime_error {
  using runtime_error::runtime_error;
};
inline constexpr int unsupported_status = 3;

/// Throws std::invalid_argument for a command line that is none.
job parse_job(int argc, char** argv);

/// What a program can do. No variants: it has one way only.
struct abilities {
  std::vector<std::string_view> modes = {"one_way", "round_trip"};
  std::vector<std::string_view> variants;  ///< The first one is what an empty one means.
};

/// Runs `body(job)`; an exception becomes a line on standard error and an exit status, and so does
/// a mode or variant that the program has not.
int run_program(int argc, char** argv, void (*body)(const job&), const abilities& known = {});

}  // namespace bench
