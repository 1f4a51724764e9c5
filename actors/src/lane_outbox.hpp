#pragma once

#include <atomic>
#include <bulkhead/call_continuation.hpp>
#include <bulkhead/detail/parcel.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "departing_lanes.hpp"
#include "pending_request.hpp"

namespace bulkhead::actors::detail {

/// A message in this process's memory, on its way into a lane.
struct letter {
  letter(std::vector<std::byte> message, std::unique_ptr<departing_names> names)
      : bytes(message.size()),
        lanes(std::move(names)),
        body(std::move(message), lanes != nullptr ? lanes->ids() : std::vector<std::uint64_t>()) {}

  std::size_t bytes;  ///< With the head.
  /// What it names, where it names any.
  std::unique_ptr<departing_names> lanes;
  bulkhead::detail::parcel body;
  std::unique_ptr<pending_request> asks;  ///< Of a request, until that is all sent.
  call_ticket ticket;
  bool is_open = false;     ///< The lane's table has it.
  bool is_counted = false;  ///< Among the requests of an outbox; what `asks` may have left already.
};

/// What a lane has no room for: kept in the order in which it came, until there is some. Nothing
/// goes around what is in here.
/// @threads any.
class lane_outbox {
 public:
  enum class outcome : std::uint8_t { kept, full, closed };

  /// True while it has any. Acquire: who sees that it has none sees that all are sent.
  [[nodiscard]] bool holds() const noexcept { return holds_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }
  /// Requests in it.
  [[nodiscard]] std::size_t requests() const noexcept {
    return requests_.load(std::memory_order_relaxed);
  }
  /// @limits most: of bytes; one is always taken. @returns kept: `message` is the outbox's.
  outcome put(letter&& message, std::size_t most);
  /// Gives them, one by one, to `send(letter&)`, for as long as that returns true: it is done with.
  /// @returns true: it was with one, or some of one was sent.
  template <class Send>
  bool flush(Send send);
  /// Takes out what is there; `closed` from now on.
  std::deque<letter> close();
  /// Takes out the requests.
  std::vector<letter> take_requests();

 private:
  static constexpr std::size_t overhead = sizeof(letter) + 64;  // a parcel's own

  void note_size() noexcept;
  void note_gone(const letter& one) noexcept;

  std::mutex mutex_;
  std::deque<letter> letters_;
  bool is_closed_ = false;
  std::atomic<bool> holds_{false};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> requests_{0};
};

template <class Send>
bool lane_outbox::flush(Send send) {
  const std::lock_guard lock(mutex_);
  bool moved = false;
  while (!letters_.empty()) {
    letter& next = letters_.front();
    const std::size_t left = next.body.left();
    if (!send(next)) {
      moved |= next.body.left() != left;
      break;
    }
    moved = true;
    note_gone(next);
    letters_.pop_front();
  }
  note_size();
  return moved;
}

}  // namespace bulkhead::actors::detail
