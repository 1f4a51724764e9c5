#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "os/channel.hpp"

namespace bulkhead::os {

/// The keeper's way to leave descriptors to the next keeper: the vault, a pair of sockets. What is
/// put lies in it as datagrams that nobody takes out. The host holds the far end, and with it all
/// of them by one descriptor; it hands that end to the next keeper. Never waits: what finds no room
/// is sent later.
///
/// Things that are withdrawn stay in the line, with a datagram behind them that says so, until
/// `tidy` writes anew what there is.
class depositor {
 public:
  /// Tells a thing of the keeper's by its kind and number, with its descriptors.
  /// @limits the descriptors are open until the visit of all is over.
  using visitor = std::function<void(std::uint32_t kind, std::uint64_t id, std::span<const int>)>;
  using visit_all = std::function<void(const visitor&)>;

  /// @limits line_bytes: as many of them as the system allows; 400 KiB, as an ordinary user may
  /// have, are for some 5000 mailboxes.
  /// @returns the host's end. @errors std::system_error.
  [[nodiscard]] unique_fd open(int line_bytes = 64 << 20);

  /// @errors std::system_error: no descriptors to wait with.
  void put(std::uint32_t kind, std::uint64_t id, std::span<const int> descriptors);
  void withdraw(std::uint32_t kind, std::uint64_t id);
  /// Sends what the line takes now.
  void flush();

  /// True when most of what lies in the line could be told with fewer datagrams.
  [[nodiscard]] bool is_untidy() const noexcept { return in_line_ > tidy_at_; }
  /// Sends all that there is in few datagrams, and then takes out what lay there before: whatever
  /// instruction it is killed at, all is there, some twice.
  /// @returns false: there is no room for that; what lay there before is there still.
  bool tidy(const visit_all& all);

  /// True when nothing was ever sent.
  [[nodiscard]] bool is_empty() const noexcept { return in_line_ == 0; }
  /// True while `flush` should be called when the line takes more, or time has passed.
  [[nodiscard]] bool is_blocked() const noexcept { return line_ && !waiting_.empty(); }

 private:
  struct item {
    control::deposited what;
    std::vector<unique_fd> descriptors;
  };
  [[nodiscard]] bool send(const control::deposit& what, std::span<const int> descriptors);
  void plan_tidy(std::size_t items) noexcept;

  channel line_;
  channel far_;               // the host's end, to take out what is out of date
  std::size_t in_line_ = 0;   // datagrams
  std::size_t tidy_at_ = 64;  // so many
  std::size_t singles_max_ = 64;
  std::deque<item> waiting_;
};

/// What a keeper that was killed had put into the vault.
using deposits = std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<unique_fd>>;

/// Reads the host's end and takes nothing out, so that it can be read again.
/// @returns nothing: these are no deposits, or there are no descriptors for them.
[[nodiscard]] std::optional<deposits> read_deposits(channel& far_end);

}  // namespace bulkhead::os
