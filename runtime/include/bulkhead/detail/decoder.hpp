#pragma once

#include <algorithm>
#include <bulkhead/detail/codec_limits.hpp>
#include <bulkhead/detail/encoder.hpp>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace bulkhead::detail {

class process_context;  // runtime/src/process_context.hpp

/// Knows the endpoints that a message or an argument names.
class endpoint_source {
 public:
  /// Has the endpoint ready in this process, by what an `endpoint_sink` returned for it.
  /// @returns its id; `no_endpoint` when there is none.
  virtual std::uint64_t endpoint(std::uint64_t said) = 0;
  /// Whose endpoints they are; nullptr: those of this process, which is a child.
  virtual process_context* context() { return nullptr; }

 protected:
  ~endpoint_source() = default;
};

/// Reads a value's bytes, which may be anything: every step is checked against what is left.
/// The bytes must not change meanwhile; where the writer is not trusted the caller copies first.
/// @owns neither the bytes nor the source; both outlive it.
class decoder {
 public:
  explicit decoder(std::span<const std::byte> bytes, endpoint_source* source = nullptr) noexcept
      : next_(bytes.data()), left_(bytes.size()), source_(source) {}

  decoder(const decoder&) = delete;
  decoder& operator=(const decoder&) = delete;

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::size_t left() const noexcept { return left_; }

  /// Marks the bytes as bad; nothing more is read.
  void fail() noexcept {
    failed_ = true;
    left_ = 0;
  }

  [[nodiscard]] bool has(std::size_t bytes) const noexcept { return bytes <= left_; }

  /// Steps over `bytes` bytes, which the caller knows to be there.
  [[nodiscard]] const std::byte* take(std::size_t bytes) noexcept {
    assert(has(bytes));
    const std::byte* at = next_;
    next_ += bytes;
    left_ -= bytes;
    return at;
  }

  [[nodiscard]] bool get(void* to, std::size_t bytes) noexcept {
    if (!has(bytes)) return false;
    if (bytes != 0) std::memcpy(to, take(bytes), bytes);
    return true;
  }

  [[nodiscard]] bool get_flag(bool& flag) noexcept {
    std::uint8_t byte = 0;
    if (!get(&byte, flag_bytes) || byte > 1) return false;
    flag = byte != 0;
    return true;
  }

  /// Reads a count of elements that take at least `element_bytes_min` bytes each.
  /// @returns false when so many cannot be there, thus before anything is allocated for them.
  [[nodiscard]] bool get_length(std::size_t element_bytes_min, std::size_t& elements) noexcept {
    std::uint32_t length = 0;
    if (!get(&length, length_bytes)) return false;
    elements = length;
    if (element_bytes_min != 0) return elements <= left_ / element_bytes_min;
    if (elements > zero_sized_left_) return false;
    zero_sized_left_ -= elements;
    return true;
  }

  /// How many elements to reserve memory for: no more than as many bytes as are left, half of it
  /// with each step of recursion, as each step may claim all that is left. The rest of the elements
  /// get theirs as they turn out to be there.
  [[nodiscard]] std::size_t worth_reserving(std::size_t elements,
                                            std::size_t bytes_each) const noexcept {
    return std::min(elements, (left_ >> std::min(depth_, 63u)) / bytes_each + 1);
  }

  /// @returns true with `no_endpoint`: an empty handle was sent.
  [[nodiscard]] bool get_endpoint(std::uint64_t& endpoint_id) {
    std::uint64_t said = 0;
    if (source_ == nullptr || !get(&said, endpoint_bytes)) return false;
    endpoint_id = said == no_endpoint ? no_endpoint : source_->endpoint(said);
    return said == no_endpoint || endpoint_id != no_endpoint;
  }

  /// Where the endpoints come from; nullptr: there can be none.
  [[nodiscard]] endpoint_source* endpoints() const noexcept { return source_; }

  /// @returns false: too deep; else `leave` follows.
  [[nodiscard]] bool enter() noexcept { return depth_ < depth_max && ++depth_ != 0; }
  void leave() noexcept { --depth_; }

 private:
  const std::byte* next_;
  std::size_t left_;
  endpoint_source* source_;
  std::size_t zero_sized_left_ = zero_sized_elements_max;
  unsigned depth_ = 0;
  bool failed_ = false;
};

}  // namespace bulkhead::detail
