#pragma once

#include <bulkhead/output_stream.hpp>
#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead {

/// What a process may use. Memory and processes are kept by control groups where the program may
/// make some (docs/processes.md; `supported_limits` tells), all else by setrlimit(2).
struct resource_limits {
  /// Bytes: of a function's process beyond what it has when it enters its function, of a command's
  /// all. A function's `new` throws std::bad_alloc when the address space grows over it; ending by
  /// that, or killed by its group, is death_cause::memory_limit.
  std::optional<std::uint64_t> memory{};
  std::optional<std::chrono::nanoseconds> cpu_time{};  ///< Rounded up to seconds; > 0.
  std::optional<std::uint64_t> files{};                ///< Descriptors open at a time.
  /// With threads, of it and what it starts. Without control groups all of the user's count, and
  /// root is refused.
  std::optional<std::uint64_t> processes{};
  std::optional<std::uint64_t> core{};  ///< Bytes of a core file; 0: none.
};

/// How a process is started. What it does not say is as the host was when its tree began.
struct spawn_options {
  std::string name{};  ///< For reports, `ps` and events; a number is made up when it is empty.
  /// What its handle's destructor does: asks, waits so long (5 s), then kills.
  shutdown_rule shutdown = {};
  /// Variables that are set, or with nullopt removed.
  std::map<std::string, std::optional<std::string>> environment{};
  bool clear_environment = false;  ///< Only the variables in `environment` are there.
  std::string directory{};  ///< Its working directory; a relative one is relative to the caller's.
  standard_streams streams{};
  std::vector<unsigned> affinity{};  ///< The processors that it may run on; all when empty.
  std::optional<int> nice{};         ///< -20 (most favourable) to 19.
  resource_limits limits{};
};

}  // namespace bulkhead
