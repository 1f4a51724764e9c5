#include "core/block_allocator.hpp"

#include <iterator>
#include <new>

namespace bulkhead::core {
namespace {

constexpr std::uint64_t rounded(std::uint64_t bytes) {
  constexpr std::uint64_t mask = block_allocator::granule - 1;
  return bytes == 0 ? block_allocator::granule : (bytes + mask) & ~mask;
}

}  // namespace

block_allocator::block_allocator(std::uint64_t bytes) : free_bytes_(bytes / granule * granule) {
  if (free_bytes_ != 0) free_.emplace(0, free_bytes_);
}

std::optional<std::uint64_t> block_allocator::allocate(std::uint64_t bytes) {
  bytes = rounded(bytes);
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    if (it->second < bytes) continue;
    const std::uint64_t offset = it->first;
    claim(offset, bytes);
    return offset;
  }
  return std::nullopt;
}

bool block_allocator::claim(std::uint64_t offset, std::uint64_t bytes) {
  bytes = rounded(bytes);
  auto it = free_.upper_bound(offset);
  if (it == free_.begin()) return false;
  --it;
  const std::uint64_t begin = it->first;
  const std::uint64_t end = begin + it->second;
  if (offset + bytes < offset || offset + bytes > end) return false;
  // First what may find no memory.
  if (offset + bytes != end) free_.emplace(offset + bytes, end - offset - bytes);
  if (begin == offset) {
    free_.erase(it);
  } else {
    it->second = offset - begin;
  }
  free_bytes_ -= bytes;
  return true;
}

void block_allocator::release(std::uint64_t offset, std::uint64_t bytes) noexcept {
  bytes = rounded(bytes);
  free_bytes_ += bytes;
  auto after = free_.upper_bound(offset);
  if (after != free_.end() && after->first == offset + bytes) {
    bytes += after->second;
    after = free_.erase(after);
  }
  if (after != free_.begin()) {
    auto earlier = std::prev(after);
    if (earlier->first + earlier->second == offset) {
      earlier->second += bytes;
      return;
    }
  }
  try {
    free_.emplace(offset, bytes);
  } catch (const std::bad_alloc&) {
    free_bytes_ -= bytes;  // lost to this process
  }
}

}  // namespace bulkhead::core
