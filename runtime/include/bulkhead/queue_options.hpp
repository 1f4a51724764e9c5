#pragma once

#include <bulkhead/overflow.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bulkhead {

/// What the maker of a queue chooses.
struct queue_options {
  std::string name{};  ///< For messages and reports; need not be unique.
  /// Messages a sender may have under way, waiting and leased together: 1 to 8388608.
  std::uint32_t capacity = 1024;
  /// Messages that all senders together may have under way, waiting and leased, exactly: up to
  /// 1048576. A send beyond it finds the queue full, like one beyond the sender's `capacity`, which
  /// holds besides; under overflow::drop_oldest a sender drops only what is its own. It costs the
  /// fast way into the queue: a send of 64 bytes took ten times as long where it was measured, 130
  /// ns. 0: no bound.
  std::uint32_t total = 0;
  /// Payload that a sender's messages under way may take together, and so the largest message: up
  /// to 4 GiB. Memory is reserved as it is first used, in steps of 16 to
  /// 256 KiB.
  std::size_t payload_bytes = std::size_t{16} << 20;
  /// Deliveries whose taker ended by its own doing (exit_status::own_doing), after which a message
  /// goes to the dead letters. 0: no bound.
  std::uint32_t max_attempts = 5;
  /// Deliveries in all after which it goes there: up to 62. 0: no bound.
  std::uint32_t max_deliveries = 60;
  /// What a send does when the sender's capacity is used up.
  bulkhead::overflow overflow = bulkhead::overflow::block;
  /// How long a taker may hold a message that it does not settle: then it is delivered again,
  /// though the taker lives, and what the taker does with it fails with errc::lease_lost. It may
  /// last a quarter longer. 0: until the taker ends. `delivery::extend` gives one more time.
  std::chrono::milliseconds lease{0};
  /// Processes that may use the queue at one time: 1 to 4096.
  std::uint32_t participants = 64;
  /// Closes the queue when at least one `sender()` handle was given to a child and all those
  /// children have ended for good.
  bool close_after_senders = false;
};

}  // namespace bulkhead
