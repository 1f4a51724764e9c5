#pragma once

#include <bulkhead/detail/block_port.hpp>
#include <bulkhead/detail/in_place.hpp>
#include <bulkhead/detail/queue_calls.hpp>
#include <memory>
#include <span>
#include <utility>

namespace bulkhead {

namespace detail {
template <class T>
class in_place_calls;
template <class T>
class queue_loan_step;
template <class T>
class queue_send_loan_step;
}  // namespace detail

/// Room for a message of type T in the sender's own memory of a queue, filled in place: by the
/// elements of a string or vector, or one object. Sent by the queue that lent it, without a copy;
/// else dropped when it goes. What stands in it at first is anything.
///
/// A process may have several, and send other messages in between. A message that fits a slot is
/// kept outside the queue, and copied when it is sent.
/// @threads one at a time. @owns a reference to the handle that lent it, which outlives it and
/// stays where it is, but of `async_loan` a handle of its own; and its bytes of `payload_bytes`,
/// until it is sent or dropped.
/// @crash own: the loan is lost, and its room is the next incarnation's; nothing else.
template <class T>
class queue_loan {
  using layout = detail::in_place<T>;
  static_assert(layout::possible,
                "bulkhead: only a message whose bytes are its own, or a string or vector of such, "
                "can be filled in place");

 public:
  using element = typename layout::element;

  /// No room: what a failed call with an error_code gives, and a try_ or _for form that found none.
  queue_loan() = default;
  queue_loan(queue_loan&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)),
        block_(other.block_),
        small_(std::move(other.small_)),
        elements_(other.elements_),
        lender_(std::move(other.lender_)) {}
  queue_loan& operator=(queue_loan&& other) noexcept {
    if (this == &other) return *this;
    drop();
    core_ = std::exchange(other.core_, nullptr);
    block_ = other.block_;
    small_ = std::move(other.small_);
    elements_ = other.elements_;
    lender_ = std::move(other.lender_);
    return *this;
  }
  ~queue_loan() { drop(); }

  [[nodiscard]] std::span<element> span() const noexcept { return elements_; }
  [[nodiscard]] element* data() const noexcept { return elements_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] element& operator*() const noexcept { return elements_.front(); }
  [[nodiscard]] element* operator->() const noexcept { return elements_.data(); }
  /// False when it was sent, or moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

 private:
  friend class detail::in_place_calls<T>;
  friend class detail::queue_loan_step<T>;
  friend class detail::queue_send_loan_step<T>;

  static constexpr std::size_t lead = detail::block_lead_of<T>;

  [[nodiscard]] std::size_t message_bytes() const noexcept {
    return layout::head_bytes + elements_.size_bytes();
  }

  void drop() noexcept {
    if (core_ != nullptr && block_.is_there()) core_->give_back(block_);
  }
  // From now on the handle that lent it may go.
  void keep_lender() {
    if (core_ == nullptr || lender_ != nullptr) return;
    lender_ = std::make_unique<const detail::queue_core>(*core_);
    core_ = lender_.get();
  }

  static queue_loan from(const detail::queue_core& core, std::size_t inline_bytes, std::size_t n,
                         detail::patience how_long, detail::status& result) {
    queue_loan loan;
    if constexpr (layout::head_bytes == 0) n = 1;
    if (n > detail::length_max || n > detail::oversize / sizeof(element)) {
      result = errc::too_large;
      return loan;
    }
    const std::size_t bytes = layout::head_bytes + n * sizeof(element);
    if (bytes <= inline_bytes) {
      result = core.usable();
      if (result.failed()) return loan;
      loan.small_ = std::make_unique<element[]>(n);
      loan.elements_ = {loan.small_.get(), n};
      loan.core_ = &core;
      return loan;
    }
    std::byte* at = nullptr;
    loan.block_ = detail::lend_block(core.ports().out, lead + bytes, at);
    if (!loan.block_.is_there()) [[unlikely]] {
      result = core.lend_block(lead + bytes, how_long, loan.block_, at);
      if (result.failed()) return loan;
    }
    if constexpr (layout::head_bytes != 0) {
      const auto count = static_cast<std::uint32_t>(n);
      std::memcpy(at + lead, &count, sizeof count);
    }
    loan.elements_ = {reinterpret_cast<element*>(at + lead + layout::head_bytes), n};
    loan.core_ = &core;
    return loan;
  }

  // It stays when it cannot be sent yet; but not when it was sent, and a close took it back.
  detail::status send(const detail::queue_core& by, detail::patience how_long) {
    if (core_ == nullptr) return errc::already_settled;
    if (by != *core_) return errc::unsupported;
    if (!block_.is_there()) return send_copy(how_long);
    detail::queue_out_port& port = core_->ports().out;
    if (detail::put_block(port, block_)) [[likely]] {
      const detail::queue_core* const core = std::exchange(core_, nullptr);
      if (!detail::publish_put(port, block_, message_bytes(), lead)) [[likely]]
        return {};
      return core->heed_sent();
    }
    return send_slowly(how_long);
  }
  [[gnu::noinline, gnu::cold]] detail::status send_slowly(detail::patience how_long) {
    detail::open_place place;
    const detail::status found =
        core_->reserve_lent(block_, message_bytes(), lead, how_long, place);
    if (found == detail::status::dropped()) {
      std::exchange(core_, nullptr)->give_back(block_);
      return {};
    }
    if (found.failed()) return found;
    return std::exchange(core_, nullptr)->publish(place);
  }
  detail::status send_copy(detail::patience how_long) {
    detail::open_place place;
    const detail::status found = core_->reserve(message_bytes(), how_long, place);
    if (found.failed() && found != detail::status::dropped()) return found;
    const detail::queue_core* const core = std::exchange(core_, nullptr);
    if (found.failed()) return {};
    if constexpr (layout::head_bytes != 0) {
      const auto count = static_cast<std::uint32_t>(elements_.size());
      std::memcpy(place.bytes, &count, sizeof count);
    }
    if (!elements_.empty()) {
      std::memcpy(place.bytes + layout::head_bytes, elements_.data(), elements_.size_bytes());
    }
    return core->publish(place);
  }

  const detail::queue_core* core_ = nullptr;
  detail::payload_block block_;
  std::unique_ptr<element[]> small_;
  std::span<element> elements_;
  std::unique_ptr<const detail::queue_core> lender_;  // of an asynchronous call
};

}  // namespace bulkhead
