#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::core {

/// Reaches the payload areas of a queue's seats; the operating system's side maps them when they
/// are first met.
class payload_area {
 public:
  /// @returns the start of a seat's area, readable, or nullptr when it cannot be mapped.
  virtual const std::byte* read(std::uint32_t seat) = 0;
  /// Reserves the first `bytes` of the own seat's area. @returns its start, writable, or nullptr
  /// when memory is short.
  virtual std::byte* write(std::uint32_t seat, std::uint64_t bytes) = 0;

 protected:
  ~payload_area() = default;
};

}  // namespace bulkhead::core
