#include "os/queue_memory.hpp"

#include <algorithm>
#include <array>
#include <bulkhead/errc.hpp>

#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

[[noreturn]] void throw_corrupt(const char* why) {
  throw error(make_error_code(errc::corrupt), std::string("joining a queue: ") + why);
}

core::queue_shape shape_of(int segment) {
  const std::uint64_t bytes = sealed_bytes(segment);
  if (bytes == 0) throw_corrupt("the descriptor is no shared segment of a fixed size");
  if (bytes < core::page_bytes) throw_corrupt("the segment is smaller than a queue header");
  alignas(core::queue_header) std::array<std::byte, sizeof(core::queue_header)> header;
  read_beginning(segment, header);
  core::queue_shape shape;
  if (const char* bad = core::read_shape(header.data(), bytes, shape)) throw_corrupt(bad);
  return shape;
}

// Memory is reserved in steps, so that few system calls are made, of a 64th of what is there, so
// that little of it is reserved in vain: the pages of a step count as used at once.
std::uint64_t reserve_step(std::uint64_t have) noexcept {
  constexpr std::uint64_t least = 16 * 1024;
  constexpr std::uint64_t most = 256 * 1024;
  return std::clamp(have / 64 / core::page_bytes * core::page_bytes, least, most);
}

mapping map_control(int segment, const core::queue_shape& shape, queue_memory::role as) {
  const core::queue_layout layout(shape);
  const std::size_t bytes =
      as == queue_memory::role::keeper ? layout.payload_offset : layout.deaths_offset;
  return mapping(segment, 0, bytes, access::read_write);
}

}  // namespace

queue_memory::queue_memory(unique_fd segment, const core::platform& os, role as)
    : shape_(shape_of(segment.get())),
      control_(map_control(segment.get(), shape_, as)),
      seats_fetched_(as == role::keeper ? shape_.participants : 0),
      view_(control_.data(), shape_, os),
      kept_(std::move(segment), view_.bells),
      starts_(std::make_unique<std::atomic<const std::byte*>[]>(shape_.participants)) {}

queue_memory::~queue_memory() = default;

std::error_code queue_memory::populate(std::size_t offset, std::size_t bytes,
                                       access wanted) noexcept {
  return control_.populate(offset, bytes, wanted);
}

void queue_memory::map_lanes() noexcept {
  const core::queue_layout& layout = view_.layout();
  const auto map = [this](std::size_t offset, std::size_t bytes) {
    // A failure costs time only: the pages come one by one.
    static_cast<void>(populate(offset,
                               (bytes + core::page_bytes - 1) / core::page_bytes * core::page_bytes,
                               access::read));
  };
  const std::uint32_t seats = view_.seats_used();
  for (std::uint32_t seat = 0; seat < seats; ++seat) {
    const auto wanted = view_.is_used(seat) ? fetched::lane : fetched::heads;
    if (seats_fetched_[seat] >= wanted) continue;
    const std::size_t lane = layout.lanes_offset + seat * layout.lane_bytes;
    map(lane, wanted == fetched::lane ? layout.times_offset : sizeof(core::lane_header));
    if (seats_fetched_[seat] == fetched::nothing) {
      map(layout.seats_offset + seat * layout.seat_bytes, layout.seat_bytes);
    }
    seats_fetched_[seat] = wanted;
  }
}

mapping queue_memory::map_payload(int segment, std::uint32_t seat, access allowed) {
  const core::queue_layout& layout = view_.layout();
  return mapping(segment, layout.payload_offset + seat * layout.payload_bytes, layout.payload_bytes,
                 allowed);
}

const std::byte* queue_memory::read(std::uint32_t seat) {
  return map_to_read(seat) ? nullptr : mapped(seat);
}

std::error_code queue_memory::map_to_read(std::uint32_t seat) noexcept {
  if (mapped(seat) != nullptr) return {};
  if (seat >= shape_.participants || view_.layout().payload_bytes == 0) {
    return std::make_error_code(std::errc::invalid_argument);
  }
  const std::lock_guard lock(mutex_);
  if (starts_[seat].load(std::memory_order_relaxed) != nullptr) return {};
  try {
    payload_.push_back(map_payload(kept_.borrow_segment().get(), seat, access::read));
  } catch (const std::system_error& failure) {
    return failure.code();
  } catch (const std::exception&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
  // Release: a reader without the lock sees a mapping that is there.
  starts_[seat].store(payload_.back().data(), std::memory_order_release);
  return {};
}

std::byte* queue_memory::write(std::uint32_t seat, std::uint64_t bytes) {
  // Acquire: a seat of ours was given to us before.
  if (seat != own_.load(std::memory_order_acquire)) return nullptr;
  // Acquire: own_payload_ was set before.
  if (bytes != 0 && bytes <= reserved_.load(std::memory_order_acquire)) return own_payload_.data();
  return grow(seat, bytes);
}

std::byte* queue_memory::grow(std::uint32_t seat, std::uint64_t bytes) {
  const core::queue_layout& layout = view_.layout();
  if (bytes == 0 || bytes > layout.payload_bytes) return nullptr;
  const std::lock_guard lock(mutex_);
  const std::uint64_t have = reserved_.load(std::memory_order_relaxed);
  const std::uint64_t step = reserve_step(have);
  const std::uint64_t want =
      std::min<std::uint64_t>((bytes + step - 1) / step * step, layout.payload_bytes);
  if (want <= have) return own_payload_.data();
  const std::uint64_t area = layout.payload_offset + seat * layout.payload_bytes;
  try {
    const unique_fd segment = kept_.borrow_segment();
    if (reserve_range(segment.get(), area + have, want - have)) return nullptr;
    if (own_payload_.data() == nullptr) {
      own_payload_ = map_payload(segment.get(), seat, access::read_write);
    }
  } catch (const std::exception&) {
    return nullptr;
  }
  // Release: who sees so much reserved sees where it is mapped.
  reserved_.store(want, std::memory_order_release);
  return own_payload_.data();
}

}  // namespace bulkhead::os
