#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace bulkhead {

/// One line that a process wrote to a captured stream.
struct output_line {
  std::chrono::system_clock::time_point time;  ///< When it was read.
  std::string process;                         ///< The name of the process.
  int stream = 1;                              ///< 1: standard output, 2: standard error.
  std::string text;  ///< Without its end. At most 64 KiB; a longer one comes in parts.
};

/// What one standard stream of a process is.
class stream {
 public:
  enum class kind : std::uint8_t { inherit, null, file, lines };
  using line_handler = std::function<void(const output_line&)>;

  /// The one that the host has.
  stream() = default;
  [[nodiscard]] static stream inherit() { return {}; }
  /// Reads nothing; what is written is dropped.
  [[nodiscard]] static stream null() { return stream(kind::null); }
  /// A file: read from its start, or written at its end and made if it is missing, so that the next
  /// incarnation goes on in it. It is opened by the caller of spawn, with the caller's rights.
  [[nodiscard]] static stream file(std::string path) {
    stream s(kind::file);
    s.path_ = std::move(path);
    return s;
  }
  /// Calls `handler` for each line, in order, on the runtime's executor. Only for output. All that
  /// the process wrote is handed over before its end is told; a line without an end, too.
  /// @limits a slow handler makes the process wait once 64 KiB are unread.
  [[nodiscard]] static stream lines(line_handler handler) {
    stream s(kind::lines);
    s.handler_ = std::move(handler);
    return s;
  }

  [[nodiscard]] kind how() const noexcept { return kind_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const line_handler& handler() const noexcept { return handler_; }

 private:
  explicit stream(kind k) : kind_(k) {}

  kind kind_ = kind::inherit;
  std::string path_;
  line_handler handler_;
};

/// The three of a process.
struct standard_streams {
  stream in{};
  stream out{};
  stream err{};
};

}  // namespace bulkhead
