#include "core/queue_view.hpp"

#include <cstring>

namespace bulkhead::core {

void format_queue(std::byte* base, const queue_shape& shape, std::uint64_t id) noexcept {
  auto& header = *reinterpret_cast<queue_header*>(base);
  header.format = queue_format;
  header.header_bytes = sizeof(queue_header);
  header.id = id;
  header.shape = shape;
  std::atomic_thread_fence(std::memory_order_release);
  header.magic = queue_magic;
}

const char* read_shape(const std::byte* base, std::size_t bytes, queue_shape& out) noexcept {
  if (bytes < sizeof(queue_header)) return "the segment is smaller than a queue header";
  const auto& header = *reinterpret_cast<const queue_header*>(base);
  if (header.magic != queue_magic) return "the segment is no queue";
  if (header.format != queue_format || header.header_bytes != sizeof(queue_header)) {
    return "the segment has another format version";
  }
  const queue_shape shape = header.shape;
  if (const char* bad = bad_shape(shape)) return bad;
  if (queue_layout(shape).total_bytes > bytes) return "the segment is smaller than its shape says";
  out = shape;
  return nullptr;
}

}  // namespace bulkhead::core
