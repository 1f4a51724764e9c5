#pragma once

#include <atomic>
#include <cstdint>

namespace bulkhead::detail {

/// Where a process's results go: its own lane of a queue.
struct result_lane {
  std::uint64_t queue = 0;  ///< Its id, all 64 bits: the high ones name the tree.
  std::uint64_t seat = 0;
};

/// A forward of one message and one result by the ports, as recovery finds it in the taker's seat:
/// should the result have been published, the message is settled (docs/queue-protocol.md, H1 to
/// H3). The publication is the commit, so there is no state beside it.
///
/// Written inside the seat's gate by its process alone; read after that one's death. What a kill
/// leaves between two stores says nothing: the new output goes with the last input, which was
/// settled, and the new place of an input with its own word or with another than is there.
struct alignas(64) handover {
  static constexpr std::uint64_t nothing = 0;  ///< No word of a lease.

  std::atomic<std::uint64_t> queue;   ///< Of the result. 0: none was ever named.
  std::atomic<std::uint64_t> seat;    ///< Whose lane there.
  std::atomic<std::uint64_t> output;  ///< Position of the result in it.
  std::atomic<std::uint64_t> input;   ///< Of the message in this queue: lane << 32 | index.
  std::atomic<std::uint64_t> word;    ///< Its slot's, as the taker wrote it.

  /// Whether it names `lane`: what stays the same from one forward to the next is looked at, not
  /// written, since the next take's compare-and-swap waits for each store.
  [[nodiscard]] [[gnu::always_inline]] bool names(const result_lane& lane) const noexcept {
    return queue.load(std::memory_order_relaxed) == lane.queue &&
           seat.load(std::memory_order_relaxed) == lane.seat;
  }
  /// To be done before the first forward to another lane. What the record said before it forgets.
  void turn_to(const result_lane& lane) noexcept {
    forget();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    queue.store(lane.queue, std::memory_order_relaxed);
    seat.store(lane.seat, std::memory_order_relaxed);
  }
  /// H1.
  [[gnu::always_inline]] void name(std::uint64_t result, std::uint64_t message,
                                   std::uint64_t held) noexcept {
    // Release: in this order, for whoever finds them cut short.
    output.store(result, std::memory_order_release);
    input.store(message, std::memory_order_release);
    word.store(held, std::memory_order_release);
  }
  /// The result was withdrawn, or the record was settled. Release: after what it said was done.
  void forget() noexcept { word.store(nothing, std::memory_order_release); }
};

}  // namespace bulkhead::detail
