#include "os/pipe_memory.hpp"

#include <array>
#include <bulkhead/errc.hpp>

#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

[[noreturn]] void throw_corrupt(const char* why) {
  throw error(make_error_code(errc::corrupt), std::string("joining a pipe: ") + why);
}

core::pipe_shape shape_of(int segment) {
  const std::uint64_t bytes = sealed_bytes(segment);
  if (bytes == 0) throw_corrupt("the descriptor is no shared segment of a fixed size");
  if (bytes < core::pipe_layout::rings_offset) throw_corrupt("the segment is smaller than a pipe");
  alignas(core::pipe_header) std::array<std::byte, sizeof(core::pipe_header)> header;
  read_beginning(segment, header);
  core::pipe_shape shape;
  if (const char* bad = core::read_shape(header.data(), bytes, shape)) throw_corrupt(bad);
  return shape;
}

mapping map_pipe(int segment, const core::pipe_shape& shape, pipe_memory::role as) {
  const std::size_t bytes = as == pipe_memory::role::keeper ? core::pipe_layout::rings_offset
                                                            : core::pipe_layout(shape).total_bytes;
  return mapping(segment, 0, bytes, access::read_write);
}

}  // namespace

pipe_memory::pipe_memory(pipe_descriptors descriptors, const core::platform& os, role as)
    : shape_(shape_of(descriptors.segment.get())),
      memory_(map_pipe(descriptors.segment.get(), shape_, as)),
      view_(memory_.data(), shape_, os),
      kept_(std::move(descriptors.segment), view_.bells) {
  kept_.set_bells(std::move(descriptors.bells[0]), std::move(descriptors.bells[1]));
}

pipe_descriptors make_pipe_descriptors(const core::pipe_shape& shape) {
  const core::pipe_layout layout(shape);
  pipe_descriptors made;
  made.segment = make_segment("bulkhead-pipe", layout.total_bytes);
  if (const auto failed = reserve_range(made.segment.get(), 0, layout.total_bytes)) {
    throw std::system_error(failed, "making a pipe");
  }
  for (unique_fd& bell : made.bells) bell = make_bell();
  const mapping start(made.segment.get(), 0, core::pipe_layout::rings_offset, access::read_write);
  core::format_pipe(start.data(), shape);
  return made;
}

}  // namespace bulkhead::os
