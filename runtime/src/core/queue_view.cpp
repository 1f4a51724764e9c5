#include "core/queue_view.hpp"

#include <cstring>

namespace bulkhead::core {

void format_queue(std::byte* base, const queue_shape& shape, std::uint64_t id) noexcept {
  auto& header = *reinterpret_cast<queue_header*>(base);
  header.format = queue_format;
  header.header_bytes = sizeof(queue_header);
  header.id = id;
  header.shape = shape;
  // Release: who sees the magic sees the rest.
  std::atomic_ref(header.magic).store(queue_magic, std::memory_order_release);
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
