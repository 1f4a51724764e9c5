#pragma once

#include <algorithm>
#include <bulkhead/detail/in_place.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <cstring>
#include <memory>
#include <span>

namespace bulkhead {

namespace detail {
template <class End, class Out, class In>
class pipe_in_place_calls;
}

/// Room in a pipe for a message of type T, filled in place: by the elements of a string or vector,
/// or one object. Sent by `pipe_end::send`, else dropped when it goes. Empty after an error, or
/// moved from.
/// @threads the one that borrowed it. @owns a reference to the end's place, not the end: the end
/// outlives it.
template <class T>
class pipe_loan {
  using layout = detail::in_place<T>;
  static_assert(layout::possible,
                "bulkhead: only a message whose bytes are its own, or a string or vector of such, "
                "can be filled in place");

 public:
  using element = typename layout::element;

  pipe_loan() = default;
  pipe_loan(pipe_loan&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)), elements_(other.elements_) {}
  pipe_loan& operator=(pipe_loan&&) = delete;
  ~pipe_loan() {
    if (core_ != nullptr) static_cast<void>(core_->return_place(false));
  }

  [[nodiscard]] std::span<element> span() const noexcept { return elements_; }
  [[nodiscard]] element* data() const noexcept { return elements_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] element& operator*() const noexcept { return elements_.front(); }
  [[nodiscard]] element* operator->() const noexcept { return elements_.data(); }
  /// False when it was sent, or there is no room in it.
  [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

 private:
  template <class End, class Out, class In>
  friend class detail::pipe_in_place_calls;

  pipe_loan(const detail::pipe_core& core, std::byte* at, std::size_t n) noexcept
      : core_(&core), elements_(reinterpret_cast<element*>(at + layout::head_bytes), n) {}

  // Where there is room for sure. Empty: take the slow path.
  [[gnu::always_inline]] static pipe_loan at_once(const detail::pipe_core& core) noexcept {
    if constexpr (detail::is_slotted<T>) {
      std::byte* const at = core.ports().out.lend(detail::pipe_slot_of<T>);
      if (at != nullptr) [[likely]]
        return pipe_loan(core, at, 1);
    }
    return {};
  }
  [[gnu::noinline]] static pipe_loan from(const detail::pipe_core& core, std::size_t n,
                                          detail::patience how_long, std::error_code& ec) {
    if constexpr (detail::is_slotted<T>) {
      constexpr std::size_t bytes = detail::pipe_slot_of<T>;
      std::byte* at = core.ports().out.lend_after_look(bytes, how_long.may_wait());
      if (at == nullptr) ec = core.lend_place(bytes, how_long, at);
      if (at == nullptr) return {};
      return pipe_loan(core, at, 1);
    } else {
      std::byte* at = nullptr;
      ec = errc::too_large;
      if (n > detail::length_max || n > detail::oversize / sizeof(element)) return {};
      ec = core.lend_place(layout::head_bytes + n * sizeof(element), how_long, at);
      if (ec) return {};
      const auto count = static_cast<std::uint32_t>(n);
      std::memcpy(at, &count, sizeof count);
      return pipe_loan(core, at, n);
    }
  }
  // Done: it is sent, and this loan is empty. Else `publish_rest` is to go on.
  [[nodiscard]] [[gnu::always_inline]] detail::fast publish_at_once(
      const detail::pipe_core& by) noexcept {
    if constexpr (detail::is_slotted<T>) {
      if (core_ != &by) [[unlikely]]
        return detail::fast::no;
      detail::pipe_out_port& port = core_->ports().out;
      const detail::fast done = port.publish_lent();
      if (done != detail::fast::done) [[unlikely]]
        return done;
      if ((port.own->load(std::memory_order_relaxed) & detail::attention::for_receivers) != 0)
          [[unlikely]] {
        return detail::fast::heed;
      }
      core_ = nullptr;
      return done;
    } else {
      return detail::fast::no;
    }
  }
  [[nodiscard]] [[gnu::noinline]] std::error_code publish_rest(detail::fast so_far,
                                                               const detail::pipe_core& by) {
    if (so_far == detail::fast::done) return {};
    if (core_ == nullptr) return errc::already_settled;
    if (core_ != &by) return errc::unsupported;
    const detail::pipe_core* core = std::exchange(core_, nullptr);
    if (so_far == detail::fast::no) return core->return_place(true);
    core->wake_own_senders();
    return core->after_send();
  }

  const detail::pipe_core* core_ = nullptr;
  std::span<element> elements_;
};

/// A message in a pipe, read where it lies. Empty after an error, or moved from.
/// @threads the one that received it. @owns a reference to the end's place, not the end: the end
/// outlives it.
template <class T>
class pipe_lent {
  using layout = detail::in_place<T>;
  static_assert(layout::possible,
                "bulkhead: only a message whose bytes are its own, or a string or vector of such, "
                "can be read in place");

 public:
  using element = typename layout::element;

  pipe_lent() = default;
  pipe_lent(pipe_lent&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)), elements_(other.elements_) {}
  pipe_lent& operator=(pipe_lent&& other) noexcept {
    finish();
    core_ = std::exchange(other.core_, nullptr);
    elements_ = other.elements_;
    return *this;
  }
  ~pipe_lent() { finish(); }

  [[nodiscard]] std::span<const element> span() const noexcept { return elements_; }
  [[nodiscard]] const element* data() const noexcept { return elements_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] const element& operator*() const noexcept { return elements_.front(); }
  [[nodiscard]] const element* operator->() const noexcept { return elements_.data(); }
  [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

  /// Frees the message's place now.
  [[gnu::always_inline]] void finish() noexcept {
    const detail::pipe_core* const core = std::exchange(core_, nullptr);
    if (core == nullptr) return;
    detail::fast done = detail::fast::no;
    if constexpr (detail::is_slotted<T>) {
      detail::pipe_in_port& port = core->ports().in;
      done = port.release_lent();
      if (done == detail::fast::done && (port.own->load(std::memory_order_relaxed) &
                                         detail::attention::for_senders) == 0) [[likely]] {
        return;
      }
    }
    finish_rest(*core, done);
  }

 private:
  template <class End, class Out, class In>
  friend class detail::pipe_in_place_calls;

  [[gnu::noinline]] static void finish_rest(const detail::pipe_core& core,
                                            detail::fast so_far) noexcept {
    if (so_far == detail::fast::no) return core.return_message();
    core.wake_own_receivers();
    core.after_receive();
  }

  pipe_lent(const detail::pipe_core& core, const std::byte* at) noexcept
      : core_(&core), elements_(reinterpret_cast<const element*>(at), 1) {}

  // Where a message is there for sure. Empty: take the slow path.
  [[gnu::always_inline]] static pipe_lent at_once(const detail::pipe_core& core,
                                                  bool waits) noexcept {
    if constexpr (detail::is_slotted<T>) {
      const std::byte* const at = core.ports().in.lend(detail::pipe_slot_of<T>, waits);
      if (at != nullptr) [[likely]]
        return pipe_lent(core, at);
    }
    return {};
  }
  [[gnu::noinline]] static pipe_lent from(const detail::pipe_core& core, detail::patience how_long,
                                          std::error_code& ec) {
    ec.clear();
    if constexpr (detail::is_slotted<T>) {
      const std::byte* const at =
          core.ports().in.lend_after_look(detail::pipe_slot_of<T>, how_long.may_wait());
      if (at != nullptr) return pipe_lent(core, at);
    }
    pipe_lent lent;
    std::span<const std::byte> bytes;
    ec = core.lend_message(how_long, bytes);
    if (ec) return lent;
    lent.core_ = &core;
    // A slot may be longer than its message.
    if constexpr (detail::is_slotted<T>) bytes = bytes.first(std::min(bytes.size(), sizeof(T)));
    std::size_t n = 0;
    if (!detail::find_elements<T>(bytes, n)) {
      lent.finish();
      ec = core.report_corrupt();
      return lent;
    }
    lent.elements_ = {reinterpret_cast<const element*>(bytes.data() + layout::head_bytes), n};
    return lent;
  }

  const detail::pipe_core* core_ = nullptr;
  std::span<const element> elements_;
};

}  // namespace bulkhead
