#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead {

/// How much a line of the log matters.
enum class log_level : std::uint8_t {
  info,     ///< Things go as they should.
  warning,  ///< A child failed, and something is done about it.
  error,    ///< A supervisor gave up.
};

/// Where a runtime writes what happens to its supervised children, one line an event
/// (`runtime_options::log`; spdlog_sink.hpp has one for spdlog).
/// @threads `write` is called on the runtime's executor, one line at a time unless several threads
/// run that. What it throws is said on standard error, and harms nothing else.
class log_sink {
 public:
  log_sink() = default;
  log_sink(const log_sink&) = delete;
  log_sink& operator=(const log_sink&) = delete;
  virtual ~log_sink() = default;

  /// Writes a line, without a line end.
  virtual void write(log_level level, std::string_view line) = 0;
};

}  // namespace bulkhead
