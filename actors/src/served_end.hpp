#pragma once

#include <atomic>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/detail/call_server_core.hpp>
#include <cstddef>
#include <mutex>
#include <vector>

#include "lane_outbox.hpp"

namespace bulkhead::actors::detail {

/// The answering end of a lane, as all who answer by it share it: the actor's messages refer to it,
/// and may come after the thread that reads it.
/// @threads any but where said.
class served_end {
 public:
  explicit served_end(const bulkhead::detail::pipe_core& lane) : lane_(lane.state()) {}
  served_end(const served_end&) = delete;
  served_end& operator=(const served_end&) = delete;

  [[nodiscard]] const bulkhead::detail::pipe_core& lane() const noexcept { return lane_; }

  /// Answers a request by `size` bytes that `fill(encoder&)` writes. Does not wait: where there is
  /// no room the answer is kept, and the reader sends it.
  template <class Fill>
  void answer(const bulkhead::detail::call_origin& whose, std::size_t size, Fill&& fill);
  /// The same with a copy, its head's place before it, that names endpoints.
  void answer(const bulkhead::detail::call_origin& whose, std::vector<std::byte> bytes,
              std::unique_ptr<departing_names> names);

  [[nodiscard]] bool holds_answers() const noexcept { return answers_.holds(); }
  /// Sends what there is room for. @returns true: something has been sent.
  bool flush();
  /// Waits until all are sent, or nobody takes them. @limits the reader's last thing.
  void settle();
  /// True where the actor's bytes that are not handled, or its answers that are not sent, are as
  /// many as may be: then no more is taken out of the lane.
  [[nodiscard]] bool is_laden() const noexcept {
    return unhandled_.load(std::memory_order_relaxed) > bytes_most || answers_.bytes() > bytes_most;
  }
  /// A large message is the actor's, and later is not any more.
  void load(std::size_t bytes) noexcept { unhandled_.fetch_add(bytes, std::memory_order_relaxed); }
  void unload(std::size_t bytes) noexcept {
    unhandled_.fetch_sub(bytes, std::memory_order_relaxed);
  }

  /// Has the reader look again.
  void call() noexcept {
    called_.store(true, std::memory_order_release);
    lane_.wake_own_receivers();
  }
  [[nodiscard]] std::atomic<bool>& called() noexcept { return called_; }
  /// The reader is to stop.
  void stop() noexcept {
    over_.store(true, std::memory_order_release);
    call();
  }
  [[nodiscard]] bool is_over() const noexcept { return over_.load(std::memory_order_acquire); }
  /// The actor has ended.
  void tell_end(const caf::error& why);
  [[nodiscard]] bool has_ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  [[nodiscard]] caf::error reason() const;

 private:
  static constexpr std::size_t bytes_most = std::size_t{64} << 20;

  bulkhead::detail::pipe_core lane_;
  lane_outbox answers_;
  std::atomic<std::size_t> unhandled_{0};
  std::atomic<bool> called_{false};
  std::atomic<bool> over_{false};
  std::atomic<bool> ended_{false};
  mutable std::mutex mutex_;
  caf::error reason_;
};

template <class Fill>
void served_end::answer(const bulkhead::detail::call_origin& whose, std::size_t size, Fill&& fill) {
  using bulkhead::detail::call_head_bytes;
  if (!answers_.holds() && call_head_bytes + size <= lane_.whole_bytes_max()) {
    const auto ec = bulkhead::detail::send_reply_with(lane_, whose, size, fill,
                                                      bulkhead::detail::patience::none());
    if (ec != errc::full) return;
  }
  std::vector<std::byte> bytes(call_head_bytes + size);
  bulkhead::detail::encoder to(bytes.data() + call_head_bytes);
  fill(to);
  answer(whose, std::move(bytes), nullptr);
}

}  // namespace bulkhead::actors::detail
