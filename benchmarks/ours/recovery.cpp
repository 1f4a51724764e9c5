// How long the keeper needs, from the reaping of a dead consumer to the end of the recovery, to
// give back `--slots` leased messages. The keeper's own function, on its own mapping of a segment
// that others filled, which it fetched when the last participant joined.
//   killed     from outside: no attempt is counted (first)
//   crashed    by its own doing
// `first_us`: the first death, in which the keeper meets its notes beside the slots for the first
// time; `again_us`: later ones.
#include <cstdio>
#include <stdexcept>

#include "common/job.hpp"
#include "common/scoreboard.hpp"
#include "core/consumer.hpp"
#include "core/producer.hpp"
#include "core/recovery.hpp"
#include "os/barrier.hpp"
#include "os/queue_memory.hpp"
#include "os/segment.hpp"

namespace {

namespace core = bulkhead::core;
namespace os = bulkhead::os;

constexpr std::uint32_t source_seat = 0;
constexpr std::uint32_t victim_seat = 1;

// Messages fit their slots here.
class no_payload final : public core::payload_area {
 public:
  const std::byte* read(std::uint32_t) override { return nullptr; }
  std::byte* write(std::uint32_t, std::uint64_t) override { return nullptr; }
};

// Gives its notes memory as the keeper's does. Nothing is buried here.
class note_room final : public core::graveyard {
 public:
  explicit note_room(os::queue_memory& memory) : memory_(&memory) {}
  void make_room(std::size_t offset, std::size_t bytes) override {
    if (memory_->populate(offset, bytes, os::access::read_write)) {
      throw std::runtime_error("no memory for the notes");
    }
  }
  bool bury(const core::queue_view&, const core::poisoned&) override { return false; }

 private:
  os::queue_memory* memory_;
};

class one_queue final : public core::queue_finder {
 public:
  explicit one_queue(const core::queue_view& view) : view_(&view) {}
  const core::queue_view* find(std::uint64_t) override { return view_; }

 private:
  const core::queue_view* view_;
};

core::queue_shape shape_of(const bench::job& what) {
  core::queue_shape shape;
  shape.capacity = what.slots;
  shape.participants = 4;
  shape.inline_bytes = 64;
  return shape;
}

os::unique_fd make_queue(const core::queue_shape& shape) {
  const core::queue_layout layout(shape);
  os::unique_fd segment = os::make_segment("bench-recovery", layout.total_bytes);
  const os::mapping header(segment.get(), 0, core::page_bytes, os::access::read_write);
  core::format_queue(header.data(), shape, 1);
  return segment;
}

void fill(core::producer& source, std::uint32_t count) {
  for (std::uint32_t n = 0; n < count; ++n) {
    core::place p;
    if (source.reserve(64, p) != core::outcome::done) throw std::runtime_error("the lane is full");
    source.publish(p);
  }
}

// The victim takes all and dies. @returns how long its recovery took.
double die_with_all(const core::queue_view& queue, os::queue_memory& keeper, std::uint32_t count,
                    std::uint32_t serial, bool own_doing) {
  core::consumer victim(queue, victim_seat, 0);
  core::lease held;
  for (std::uint32_t n = 0; n < count; ++n) {
    if (!victim.take(held)) throw std::runtime_error("a message is missing");
  }
  one_queue finder(keeper.view());
  note_room room(keeper);
  const core::attendance where[] = {{&keeper.view(), victim_seat, &room}};
  core::casualty dead;
  dead.serial = serial;
  dead.own_doing = own_doing;
  keeper.map_lanes();
  const std::int64_t start = bench::now_ns();
  const core::recovery_report report = core::recover(where, dead, finder);
  const std::int64_t end = bench::now_ns();
  if (report.redelivered != count) throw std::runtime_error("not all came back");
  return static_cast<double>(end - start) / 1e3;
}

void run(const bench::job& what) {
  const bool own_doing = what.variant == "crashed";
  const core::platform platform = os::make_platform();
  const os::unique_fd segment = make_queue(shape_of(what));
  os::queue_memory others(segment.duplicate(), platform);
  os::queue_memory keeper(segment.duplicate(), platform, os::queue_memory::role::keeper);
  const core::queue_view& queue = others.view();
  queue.header().seats_used = queue.shape().participants;
  no_payload payload;
  core::producer source(queue, source_seat, payload);
  fill(source, what.slots);
  bench::pin_to(what.consumer_cpu);
  const double first = die_with_all(queue, keeper, what.slots, 1, own_doing);
  const double again = die_with_all(queue, keeper, what.slots, 2, own_doing);
  std::printf("{\"first_us\": %.1f, \"again_us\": %.1f}\n", first, again);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, argv, run, {{"recovery"}, {"killed", "crashed"}});
}
