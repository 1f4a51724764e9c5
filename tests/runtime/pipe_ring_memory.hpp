#pragma once

#include <bulkhead/detail/pipe_port.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/pipe_reader.hpp"
#include "core/pipe_writer.hpp"

namespace pipe_ring {

namespace core = bulkhead::core;
namespace detail = bulkhead::detail;

inline constexpr core::platform quiet{[](std::atomic<std::uint32_t>&) noexcept {}, []() noexcept {},
                                      true};

/// A pipe in ordinary memory: what one process after the other has of its two ends.
class memory_pipe {
 public:
  memory_pipe(std::uint32_t slot_bytes, std::uint32_t capacity, std::uint64_t ring_bytes)
      : memory_pipe(
            core::pipe_shape{{core::shape_direction(1, slot_bytes, capacity, ring_bytes),
                              core::shape_direction(2, slot_bytes, capacity, ring_bytes)}}) {}

  [[nodiscard]] const core::pipe_view& view() const { return view_; }
  [[nodiscard]] std::byte* base() { return base_; }

 private:
  explicit memory_pipe(const core::pipe_shape& shape)
      : bytes_(core::pipe_layout(shape).total_bytes + 4096),
        base_(aligned(bytes_.data())),
        view_(base_, shape, quiet) {
    core::format_pipe(base_, shape);
  }
  static std::byte* aligned(std::byte* at) {
    const auto number = reinterpret_cast<std::uintptr_t>(at);
    return at + (4096 - number % 4096) % 4096;
  }

  std::vector<std::byte> bytes_;
  std::byte* base_;
  core::pipe_view view_;
};

/// The sending side of a process at end 0.
struct sender {
  explicit sender(memory_pipe& pipe) : ring(pipe.view(), 0, *port) {}
  /// @returns whether there was room.
  bool send(const std::string& text) {
    std::byte* at = nullptr;
    if (ring.reserve(text.size(), at) != core::pipe_room::there) return false;
    std::memcpy(at, text.data(), text.size());
    ring.publish();
    return true;
  }
  std::unique_ptr<detail::pipe_out_port> port = std::make_unique<detail::pipe_out_port>();
  core::pipe_writer ring;
};

/// The receiving side of a process at end 1.
struct receiver {
  explicit receiver(memory_pipe& pipe) : ring(pipe.view(), 1, *port) {}
  /// @returns the message, or what was there instead.
  std::string receive() {
    switch (ring.find()) {
      case core::pipe_next::nothing:
        return "(nothing)";
      case core::pipe_next::corrupt:
        return "(corrupt)";
      case core::pipe_next::restarted:
        ring.pass_restart();
        return "(restarted)";
      case core::pipe_next::message:
        break;
    }
    std::string text(reinterpret_cast<const char*>(ring.message().data()), ring.message().size());
    ring.finish();
    return text;
  }
  std::unique_ptr<detail::pipe_in_port> port = std::make_unique<detail::pipe_in_port>();
  core::pipe_reader ring;
};

/// What the keeper does when the next incarnation at end 0 is about to come.
inline void restart(memory_pipe& pipe) {
  auto& record = pipe.view().record(0);
  const std::uint32_t count = record.restarts.load();
  record.marks[count % core::pipe_marks].store(pipe.view().positions(0).tail.load());
  record.restarts.store(count + 1);
}

}  // namespace pipe_ring
