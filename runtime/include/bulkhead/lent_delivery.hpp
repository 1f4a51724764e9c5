#pragma once

#include <bulkhead/delivery.hpp>
#include <bulkhead/detail/block_port.hpp>
#include <bulkhead/detail/in_place.hpp>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace bulkhead {

namespace detail {
template <class T>
class in_place_calls;
}

/// A delivery whose message is read where it lies, until it is settled: the elements of a string or
/// vector, or one object. It settles as a delivery does. Destroyed without a word, it is released.
///
/// The sender wrote it and does not touch it before it is settled. Elements that do not lie as
/// their type must be aligned, as in a small string or vector, are a copy.
/// @threads @owns @errors delivery's.
template <class T>
class lent_delivery : private delivery<std::byte> {
  using layout = detail::in_place<T>;
  static_assert(layout::possible,
                "bulkhead: only a message whose bytes are its own, or a string or vector of such, "
                "can be read in place");
  // What settles a message, and says which it is, is the same for every type.
  using held = delivery<std::byte>;

 public:
  using element = typename layout::element;

  /// No message.
  lent_delivery() noexcept {}

  [[nodiscard]] std::span<const element> span() const noexcept { return elements_; }
  [[nodiscard]] const element* data() const noexcept { return elements_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] const element& operator*() const noexcept { return elements_.front(); }
  [[nodiscard]] const element* operator->() const noexcept { return elements_.data(); }

  using held::operator bool;
  using held::ack;
  using held::async_forward;
  using held::attempt;
  using held::forward;
  using held::forward_for;
  using held::id;
  using held::reject;
  using held::release;
  using held::try_forward;

 private:
  friend class detail::in_place_calls<T>;

  static lent_delivery from(const detail::queue_core& core, detail::patience how_long,
                            detail::status& result) {
    lent_delivery d;
    detail::queue_in_port& port = core.ports().in;
    std::span<const std::byte> bytes;
    if (!detail::take_with_bytes(port, d.message_, how_long.may_wait(), bytes)) [[unlikely]] {
      // Where leases have an end the port has no messages, so it comes by here.
      result = core.can_read_in_place();
      if (!result.failed()) result = core.take(how_long, d.message_);
      if (result.failed()) return d;
    }
    d.hold(port);
    result = d.look(core, bytes);
    if (result.failed()) [[unlikely]]
      d.let_go();
    return d;
  }
  // The bytes come from a peer. Their size was read once.
  detail::status look(const detail::queue_core& core, std::span<const std::byte> bytes) {
    std::size_t n = 0;
    if (bytes.data() == nullptr) {
      const detail::status found = core.bytes_of(message_, bytes);
      if (found.failed()) return found == errc::corrupt ? core.report_corrupt() : found;
    }
    if (!detail::find_elements<T>(bytes, n)) [[unlikely]]
      return core.report_corrupt();
    const std::byte* at = bytes.data() + layout::head_bytes;
    if (reinterpret_cast<std::uintptr_t>(at) % alignof(element) != 0) {
      copy_ = std::make_unique<element[]>(n);
      if (n != 0) std::memcpy(copy_.get(), at, n * sizeof(element));
      elements_ = {copy_.get(), n};
    } else {
      elements_ = {reinterpret_cast<const element*>(at), n};
    }
    return {};
  }

  std::span<const element> elements_;
  std::unique_ptr<element[]> copy_;
};

}  // namespace bulkhead
