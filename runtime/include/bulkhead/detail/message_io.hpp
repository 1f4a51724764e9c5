#pragma once

#include <bulkhead/detail/codec.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <memory>
#include <span>
#include <vector>

// The way of a message into and out of its place in a queue or pipe. A message without endpoints is
// bytes and nothing more; one with endpoints is announced to the keeper before it is published, so
// that what it names outlives its sender (docs/message-format.md).
namespace bulkhead::detail {

class pipe_core;
class pipe_state;

/// Collects the ids of the endpoints in one message.
class named_endpoints final : public endpoint_sink {
 public:
  std::uint64_t add(std::uint64_t endpoint_id) override {
    ids_.push_back(endpoint_id);
    return endpoint_id;
  }
  [[nodiscard]] std::vector<std::uint64_t>& ids() noexcept { return ids_; }

 private:
  std::vector<std::uint64_t> ids_;
};

/// Opens the endpoints that a message names, and holds them while it is decoded.
class message_endpoints final : public endpoint_source {
 public:
  /// @owns the carrier outlives it.
  explicit message_endpoints(const queue_core& carrier);
  explicit message_endpoints(const pipe_core& carrier);
  message_endpoints(const message_endpoints&) = delete;
  message_endpoints& operator=(const message_endpoints&) = delete;
  ~message_endpoints();

  std::uint64_t endpoint(std::uint64_t said) override;
  process_context* context() override;
  /// Why an endpoint that is there could not be opened: no memory, no descriptors, no keeper. None:
  /// all could, or the message names one that nobody can open.
  [[nodiscard]] const std::error_code& failure() const noexcept { return failure_; }

 private:
  process_context* context_;
  std::vector<std::shared_ptr<queue_state>> held_;
  std::vector<std::shared_ptr<pipe_state>> ends_;
  std::error_code failure_;
};

/// Encodes `value` at `to`, which there is room for, inside a gate.
template <class T>
[[gnu::always_inline]] inline void fill_inside(pipe_gate& gate, std::byte* to, const T& value) {
  if constexpr (is_fixed_size<T>) {
    encoder into(to);
    encode(into, value);
  } else {
    try {
      encoder into(to);
      encode(into, value);
    } catch (...) {
      gate.leave();
      throw;
    }
  }
}

/// Encodes `value` into a reserved place of `to`, announces what it names, and publishes it. Pipe
/// ends in it are then gone from this process; where it fails they stay.
/// @errors too_large: more than 4096 endpoints; full: a pipe end is in use; what the keeper said;
/// publish's. The message was not sent.
template <class T>
status fill_and_publish(const queue_core& to, open_place& place, const T& value) {
  if constexpr (!holds_endpoints<T>()) {
    encoder into(place.bytes);
    encode(into, value);
    return to.publish(place);
  } else {
    named_endpoints names;
    encoder into(place.bytes, &names);
    encode(into, value);
    if (names.ids().empty()) return to.publish(place);
    const std::uint64_t position = place.position;
    if (const status s = to.carry(position, names.ids()); s.failed()) return s;
    const status published = to.publish(place);
    if (published.failed()) to.take_back(position, names.ids());
    return published;
  }
}

/// Decodes a taken message, whose bytes are looked for if they are not given.
/// @errors corrupt: the bytes are no T, and the queue is marked; lease_lost; else an endpoint could
/// not be opened.
template <class T, class Storage>
status read(const queue_core& from, const taken& message, std::span<const std::byte> bytes,
            Storage& value) {
  if (bytes.data() == nullptr) {
    if (const status found = from.bytes_of(message, bytes); found.failed()) [[unlikely]]
      return found == errc::corrupt ? from.report_corrupt() : found;
  }
  if constexpr (!holds_endpoints<T>()) {
    if (decode_into<T>(bytes, value)) [[likely]]
      return {};
  } else {
    message_endpoints names(from);
    if (decode_all(bytes, value.emplace(), &names)) return {};
    if (names.failure()) return status::of(names.failure());
  }
  return from.report_corrupt();
}

}  // namespace bulkhead::detail
