#pragma once

#include <bulkhead/detail/codec_limits.hpp>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace bulkhead::detail {

/// No endpoint has this id; an empty handle travels as it.
inline constexpr std::uint64_t no_endpoint = ~std::uint64_t{0};
/// What a message brought is somebody else's by now: it is read as an empty handle.
inline constexpr std::uint64_t gone_endpoint = no_endpoint - 1;
/// On a pipe end's name.
inline constexpr std::uint64_t pipe_mark = std::uint64_t{1} << 62;
/// On a queue's id: a handle that only sends.
inline constexpr std::uint64_t sender_mark = std::uint64_t{1} << 63;

/// Collects the endpoints (queues and the like) that a value holds. Given by the class that knows
/// how to hand endpoints over.
class endpoint_sink {
 public:
  /// Takes the endpoint in. @returns what the bytes say for it: in a message its id, in arguments
  /// of a spawn its index among the collected ones.
  virtual std::uint64_t add(std::uint64_t endpoint_id) = 0;

 protected:
  ~endpoint_sink() = default;
};

/// Writes a value's bytes one after the other.
/// @limits the caller made room for `encoded_size` bytes: nothing is checked here.
/// @owns neither the room nor the sink; both outlive it.
class encoder {
 public:
  explicit encoder(std::byte* to, endpoint_sink* sink = nullptr) noexcept
      : next_(to), sink_(sink) {}

  encoder(const encoder&) = delete;
  encoder& operator=(const encoder&) = delete;

  /// Steps over `bytes` bytes and returns where they begin, to be filled by the caller.
  [[nodiscard]] std::byte* room(std::size_t bytes) noexcept {
    std::byte* at = next_;
    next_ += bytes;
    return at;
  }

  void put(const void* from, std::size_t bytes) noexcept {
    // An empty container may have no storage, and memcpy wants none of null.
    if (bytes != 0) std::memcpy(room(bytes), from, bytes);
  }

  void put_flag(bool flag) noexcept { *room(flag_bytes) = static_cast<std::byte>(flag); }

  void put_length(std::size_t elements) noexcept {
    assert(elements <= length_max);
    const auto length = static_cast<std::uint32_t>(elements);
    std::memcpy(room(length_bytes), &length, length_bytes);
  }

  /// Writes an endpoint: always `endpoint_bytes` bytes.
  /// @errors std::invalid_argument: there is no sink, so these bytes go where no endpoint can.
  void put_endpoint(std::uint64_t endpoint_id) {
    if (sink_ == nullptr && endpoint_id != no_endpoint) [[unlikely]] {
      throw std::invalid_argument("bulkhead: a queue or other endpoint cannot travel this way");
    }
    const std::uint64_t said = endpoint_id == no_endpoint ? no_endpoint : sink_->add(endpoint_id);
    std::memcpy(room(endpoint_bytes), &said, endpoint_bytes);
  }

  /// Where the next byte goes.
  [[nodiscard]] std::byte* position() const noexcept { return next_; }

 private:
  std::byte* next_;
  endpoint_sink* sink_;
};

/// Adds up what `encoder` will write. A value that the reader would refuse (a length beyond 32
/// bits, recursion too deep) measures at least `oversize`, so that it is too large for any
/// payload and its sender hears so, instead of its receivers.
class size_meter {
 public:
  size_meter() = default;
  size_meter(const size_meter&) = delete;
  size_meter& operator=(const size_meter&) = delete;

  void add(std::size_t bytes) noexcept { bytes_ += bytes; }

  /// Adds a length field for `elements` elements of at least `element_bytes_min` bytes each.
  void add_length(std::size_t elements, std::size_t element_bytes_min) noexcept {
    bool fits = elements <= length_max;
    if (element_bytes_min == 0) {
      fits = elements <= zero_sized_left_;
      zero_sized_left_ -= fits ? elements : zero_sized_left_;
    }
    bytes_ += fits ? length_bytes : oversize;
  }

  /// @returns false: too deep, measured as `oversize`; else `leave` follows.
  [[nodiscard]] bool enter() noexcept {
    if (depth_ < depth_max) {
      ++depth_;
      return true;
    }
    bytes_ += oversize;
    return false;
  }

  void leave() noexcept { --depth_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_ = 0;
  std::size_t zero_sized_left_ = zero_sized_elements_max;
  unsigned depth_ = 0;
};

}  // namespace bulkhead::detail
