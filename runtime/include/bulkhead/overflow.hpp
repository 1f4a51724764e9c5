#pragma once

#include <cstdint>

namespace bulkhead {

/// What a send into a full mailbox does. All but `block` are counted (queue::counters).
enum class overflow : std::uint8_t {
  block,   ///< It waits, as long as the call allows.
  refuse,  ///< It fails at once with errc::full, also in its waiting forms.
  /// The sender's oldest message that nobody has taken is dropped for it. While there is none,
  /// since takers hold all of them or others' messages fill the queue's `total`, the new one is
  /// dropped instead. Another sender may be faster at the freed place; then the next oldest goes.
  drop_oldest,
  drop_newest,  ///< The new message is dropped, and the call returns as if it had been sent.
};

/// How often an overflow policy has acted, over all senders and their incarnations.
struct overflow_counters {
  std::uint64_t refused = 0;
  std::uint64_t dropped_oldest = 0;
  std::uint64_t dropped_newest = 0;
};

}  // namespace bulkhead
