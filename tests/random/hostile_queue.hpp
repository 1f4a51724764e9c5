#pragma once

#include <memory>
#include <vector>

#include "core/letters.hpp"
#include "random/options.hpp"
#include "random/scribbler.hpp"
#include "runtime/queue_core_memory.hpp"

namespace random_test {

namespace core = bulkhead::core;

/// A process and the keeper at work in a queue whose words a peer overwrites: what they do may
/// fail, and must end. Nothing is expected of the messages.
class hostile_queue final : public core::queue_finder {
 public:
  hostile_queue(std::uint64_t seed, bool mid_step);
  ~hostile_queue();
  /// The peer's part, for a thread of its own.
  void scribble() { peer_->scribble(); }
  /// One operation of ours.
  void step();
  const core::queue_view* find(std::uint64_t id) override;

  /// Operations that did what they are for, so that it is seen that the peer does not stop all.
  std::uint64_t useful = 0;

 private:
  static constexpr std::uint32_t seats = 3;

  static core::queue_shape shape(dice& d);
  void send();
  void take();
  void settle();
  void forward();
  void recover();
  void start_again();
  void look();
  void read(const core::lease& l);
  std::uint32_t me() { return static_cast<std::uint32_t>(dice_.below(2)); }

  dice dice_;
  queue_core::memory_queue q_;
  queue_core::memory_queue letters_;
  std::unique_ptr<scribbler> peer_;
  std::unique_ptr<core::letter_writer> writer_;
  std::vector<core::producer> lanes_;
  std::vector<core::consumer> takers_;
  std::vector<core::lease> leases_;
  std::uint32_t deaths_ = 0;
};

}  // namespace random_test
