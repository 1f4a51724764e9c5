#include "core/pipe_view.hpp"

#include <cstring>

namespace bulkhead::core {

void format_pipe(std::byte* base, const pipe_shape& shape) noexcept {
  pipe_header header{};
  header.magic = pipe_magic;
  header.format = pipe_format;
  header.header_bytes = sizeof(pipe_header);
  header.shape = shape;
  std::memcpy(base, &header, sizeof header);
  auto* records = reinterpret_cast<pipe_end_record*>(base + pipe_layout::records_offset);
  records[0].state.store(end_state::open, std::memory_order_relaxed);
  // Release: who sees an open end sees the header.
  records[1].state.store(end_state::open, std::memory_order_release);
}

const char* read_shape(const std::byte* base, std::uint64_t bytes, pipe_shape& out) noexcept {
  pipe_header header;
  std::memcpy(&header, base, sizeof header);
  if (header.magic != pipe_magic) return "the segment is no pipe";
  if (header.format != pipe_format || header.header_bytes != sizeof(pipe_header)) {
    return "the pipe was made by another version of this library";
  }
  out = header.shape;
  if (const char* bad = bad_shape(out)) return bad;
  if (pipe_layout(out).total_bytes != bytes) return "the segment has not the size of its pipe";
  return nullptr;
}

}  // namespace bulkhead::core
