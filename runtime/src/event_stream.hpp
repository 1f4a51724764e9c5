#pragma once

#include <atomic>
#include <bulkhead/errc.hpp>
#include <bulkhead/supervision_events.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "os/unique_fd.hpp"

namespace bulkhead::detail {

class runtime_state;

/// The events of one supervisor that no asynchronous call has taken yet, and its end.
/// @threads any.
class event_stream {
 public:
  /// @limits keeps `most` events.
  event_stream(std::weak_ptr<runtime_state> owner, std::size_t most)
      : owner_(std::move(owner)), most_(most) {}

  void put(const supervision_event& event);
  /// Nothing follows.
  void end(const end_reason& reason);
  /// Nothing follows, and nobody will know why it ended. Nothing happens after `end`.
  void abandon(errc why);

  /// Takes the oldest event. @returns nothing, and `ec` where none will come.
  std::optional<supervision_event> next(std::error_code& ec);
  /// @returns nothing while it has not ended, and `ec` where nobody will know.
  std::optional<end_reason> reason(std::error_code& ec);
  [[nodiscard]] std::uint64_t missed() const;

  /// An eventfd that is rung at every event and at the end. @errors std::system_error.
  [[nodiscard]] int bell();
  /// False in a forked copy of the process.
  [[nodiscard]] bool usable() const;
  [[nodiscard]] std::shared_ptr<runtime_state> owner() const { return owner_.lock(); }

  /// Calls that wait for an event.
  std::atomic<std::uint32_t> async_waiting{0};

 private:
  void ring_locked() const noexcept;
  /// Why nothing will come any more though it has not ended.
  [[nodiscard]] std::error_code why_untold_locked() const;

  std::weak_ptr<runtime_state> owner_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::deque<supervision_event> events_;
  std::uint64_t missed_ = 0;
  std::optional<end_reason> reason_;
  std::error_code abandoned_;
  os::unique_fd bell_;
};

}  // namespace bulkhead::detail
