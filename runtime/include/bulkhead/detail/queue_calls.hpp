#pragma once

#include <bulkhead/delivery.hpp>
#include <bulkhead/detail/block_port.hpp>
#include <bulkhead/detail/in_place.hpp>
#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <optional>
#include <system_error>
#include <utility>

namespace bulkhead::detail {

/// What the calls of `queue<T>` do, with a status for its forms to report: first by the port, a few
/// instructions in line, else out of line.
template <class T>
class queue_calls {
 protected:
  queue_calls() = default;
  explicit queue_calls(queue_core core) : core_(std::move(core)) {}
  friend bool operator==(const queue_calls&, const queue_calls&) = default;

  // A slot holds a message of fixed size where that is small; others get 48 bytes and go to the
  // payload area beyond.
  static constexpr std::size_t inline_bytes =
      is_fixed_size<T> && fixed_size_of<T> <= 112
          ? (fixed_size_of<T> + 7) / 8 * 8 + (fixed_size_of<T> == 0 ? 8 : 0)
          : 48;

  // Its bytes are in the slot, and any are a T.
  static constexpr bool is_copied_from_slot = [] {
    if constexpr (copies_as_bytes<T>) return fixed_size_of<T> <= inline_bytes;
    return false;
  }();

  status put(const T& value, patience how_long) const {
    if constexpr (!holds_endpoints<T>()) {
      const std::size_t size = encoded_size(value);
      queue_out_port& port = core_.ports().out;
      if (queue_place* const place = port.open(size)) [[likely]] {
        fill_inside(port.gate, place->payload, value);
        if (!port.publish(place, size)) [[likely]]
          return {};
        return core_.heed_sent();
      }
    }
    return put_beyond(value, how_long);
  }
  // Into a block, where it does not fit a slot and nothing has to be found out; else the slow way.
  [[gnu::noinline]] status put_beyond(const T& value, patience how_long) const {
    if constexpr (!holds_endpoints<T>()) {
      const std::size_t size = encoded_size(value);
      queue_out_port& port = core_.ports().out;
      if (size > inline_bytes) {
        if (payload_block* const block = open_block(port, size + block_lead_of<T>)) [[likely]] {
          fill_inside(port.gate, port.payload + block->offset() + block_lead_of<T>, value);
          if (!publish_block(port, *block, size, block_lead_of<T>)) [[likely]]
            return {};
          return core_.heed_sent();
        }
      }
    }
    return put_slowly(value, how_long);
  }
  [[gnu::noinline, gnu::cold]] status put_slowly(const T& value, patience how_long) const {
    open_place place;
    const status found = core_.reserve(encoded_size(value), how_long, place, block_lead_of<T>);
    if (found.failed()) return found == status::dropped() ? status() : found;
    return fill_and_publish(core_, place, value);
  }

  // `into(bytes)` makes the result of the message's bytes, where they can be copied from the slot.
  // @returns false when the slow way is to be taken.
  template <class Into>
  [[nodiscard]] [[gnu::always_inline]] bool get_by_port(patience how_long, Into into) const {
    if constexpr (is_copied_from_slot) {
      queue_in_port& port = core_.ports().in;
      taken message;
      if (port.enter_and_take(message, how_long.may_wait())) [[likely]] {
        into(message.place->payload);
        if (port.free(message)) [[unlikely]] {
          port.count_taken();
          held_message::heed_freed(port, message);
        } else {
          port.leave_settled();
        }
        return true;
      }
    }
    return false;
  }
  [[gnu::noinline]] std::optional<T> get_slowly(patience how_long, status& result) const {
    std::optional<T> value;
    for (;;) {
      delivery<T> d = lease(how_long, result);
      if (!d) return value;
      std::error_code lost;
      d.ack(lost);
      if (lost) continue;  // its lease is over, and it is somebody else's
      value.emplace(std::move(*d.value_));
      return value;
    }
  }
  std::optional<T> get(patience how_long, status& result) const {
    std::optional<T> value;
    const auto load = [&](const std::byte* bytes) {
      if constexpr (is_copied_from_slot) value.emplace(load_bytes<T>(bytes));
    };
    if (!get_by_port(how_long, load)) [[unlikely]]
      value = get_slowly(how_long, result);
    return value;
  }
  [[gnu::always_inline]] delivery<T> lease(patience how_long, status& result) const {
    queue_in_port& port = core_.ports().in;
    taken message;
    if constexpr (is_copied_from_slot) {
      if (port.take(message, how_long.may_wait())) [[likely]]
        return delivery<T>(port, message, message.place->payload);
    } else {
      std::span<const std::byte> bytes;
      if (take_with_bytes(port, message, how_long.may_wait(), bytes)) [[likely]] {
        delivery<T> d(port, message);
        read(d, result, bytes);
        return d;
      }
    }
    return lease_slowly(how_long, result);
  }
  [[gnu::noinline]] delivery<T> lease_slowly(patience how_long, status& result) const {
    for (;;) {
      taken message;
      result = core_.take(how_long, message);
      if (result.failed()) return {};
      delivery<T> d(core_.ports().in, message);
      read(d, result);
      // Between its taking and its reading: the next one.
      if (result != errc::lease_lost) return d;
    }
  }
  // Decodes what was taken, from `bytes` if they are known. A message that cannot be read goes
  // back.
  void read(delivery<T>& d, status& result, std::span<const std::byte> bytes = {}) const {
    const status found = detail::read<T>(core_, d.message_, bytes, d.value_);
    if (!found.failed()) [[likely]]
      return;
    result = found;
    d.let_go();
    d.value_.reset();
  }

  // What `try_` and `_for` forms return for: it is no error.
  bool done_or_not(status result, const char* doing) const {
    if (!is_nothing(result)) core_.check(result, doing);
    return !result.failed();
  }
  static bool done_or_not(status result, std::error_code& ec) {
    ec = is_nothing(result) ? std::error_code() : result.code();
    return !result.failed();
  }
  bool sent_or_not(status result) const { return done_or_not(result, "sending to"); }

  queue_core core_;
};

}  // namespace bulkhead::detail
