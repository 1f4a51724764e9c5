#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "os/channel.hpp"

namespace bulkhead::os {

/// The host's: descriptors of everything that its keeper holds, as the keeper hands them over, for
/// the next keeper should this one be killed. Any thread.
class vault {
 public:
  vault() = default;
  vault(const vault&) = delete;
  vault& operator=(const vault&) = delete;

  /// A keeper's line, from which `read` takes; what another one handed over stays.
  void set_line(channel line);
  /// Another descriptor of that line, to watch it. @errors std::system_error.
  [[nodiscard]] unique_fd duplicate_line() const;
  /// Takes what has come. What finds no descriptor free is lost, and so not there for the next
  /// keeper.
  /// @returns false when the line has ended.
  bool read();

  /// Sends everything to a keeper that begins.
  /// @returns an error when that is gone, or does not read until `until`.
  [[nodiscard]] std::error_code hand_over(channel& keeper, deadline until);

  [[nodiscard]] std::size_t size() const;

 private:
  using key = std::pair<std::uint32_t, std::uint64_t>;

  void take(datagram& from);
  [[nodiscard]] static std::error_code send(channel& keeper, const control::deposit& what,
                                            std::span<const int> descriptors, deadline until);

  mutable std::mutex mutex_;
  channel line_;
  std::map<key, std::vector<unique_fd>> kept_;
};

}  // namespace bulkhead::os
