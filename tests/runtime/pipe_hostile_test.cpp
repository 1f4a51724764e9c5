#include <atomic>
#include <random>
#include <thread>

#include "runtime/pipe_ring_memory.hpp"
#include "support/catch.hpp"

using namespace pipe_ring;

namespace {

// A word of the pages that a peer may write, or of the rings: mostly near what is used.
void scribble(memory_pipe& pipe, std::mt19937_64& random) {
  const std::size_t total = core::pipe_layout(pipe.view().shape()).total_bytes;
  const std::size_t control = core::pipe_layout::rings_offset - 4096;
  std::size_t offset = 4096 + random() % (random() % 4 == 0 ? total - 4096 : control);
  if (random() % 4 == 0) {
    std::atomic<std::uint64_t>* const near[] = {
        &pipe.view().positions(0).tail, &pipe.view().positions(1).head,
        &pipe.view().record(0).marks[random() % core::pipe_marks],
        reinterpret_cast<std::atomic<std::uint64_t>*>(pipe.view().ring(0) + random() % 64 * 16)};
    offset =
        static_cast<std::size_t>(reinterpret_cast<std::byte*>(near[random() % 4]) - pipe.base());
  }
  offset = offset / 8 * 8;
  std::uint64_t value = random() % 3 == 0 ? random() : random() % 512;
  if (random() % 3 == 0) {
    std::uint64_t old = 0;
    std::memcpy(&old, pipe.base() + offset, sizeof old);
    value = old ^ (std::uint64_t{1} << random() % 64);
  }
  std::memcpy(pipe.base() + offset, &value, sizeof value);
}

// Reads every byte, so that a sanitizer sees one that is not ours.
std::size_t touch(std::span<const std::byte> bytes) {
  std::size_t sum = 0;
  for (const std::byte b : bytes) sum += std::to_integer<std::size_t>(b);
  return sum;
}

}  // namespace

TEST_CASE("a peer that writes anywhere gets errors, and no byte outside the pipe is touched",
          "[pipe][unit]") {
  const std::uint32_t slot = GENERATE(0u, 64u);
  std::mt19937_64 random(20261123);
  std::size_t corrupt = 0;
  std::size_t messages = 0;
  std::size_t sum = 0;
  for (int round = 0; round < 4000; ++round) {
    memory_pipe pipe(slot, 16, 4096);
    auto s = std::make_unique<sender>(pipe);
    auto r = std::make_unique<receiver>(pipe);
    for (int step = 0; step < 60; ++step) {
      if (random() % 6 == 0) scribble(pipe, random);
      if (random() % 40 == 0) s = std::make_unique<sender>(pipe);
      if (random() % 40 == 0) r = std::make_unique<receiver>(pipe);
      if (random() % 30 == 0) restart(pipe);
      const std::string text(slot != 0 ? slot : random() % s->ring.whole_bytes_max(), 'x');
      core::pipe_room room{};
      if (slot == 0 && random() % 4 == 0) {
        s->ring.publish_piece(std::as_bytes(std::span(text)), random() % 2 == 0, random() % 2 == 0,
                              room);
      } else {
        s->send(text);
      }
      switch (random() % 2 == 0 ? r->ring.find() : core::pipe_next::nothing) {
        case core::pipe_next::message:
          sum += touch(r->ring.message());
          r->ring.finish();
          ++messages;
          break;
        case core::pipe_next::restarted:
          r->ring.pass_restart();
          break;
        case core::pipe_next::corrupt:
          ++corrupt;
          break;
        case core::pipe_next::nothing:
          break;
      }
    }
  }
  CHECK(messages > 10'000);
  CHECK(corrupt > 1'000);
  CHECK(sum != 0);
}

namespace {

// Fills the ring with pieces of no message, and adds as many as are taken in.
class endless_peer {
 public:
  // A turn takes so long that this one comes to run meanwhile, on one CPU too.
  static constexpr std::uint64_t ring_bytes = 16 << 20;
  static constexpr std::uint64_t units = ring_bytes / core::frame_unit;

  explicit endless_peer(memory_pipe& pipe) {
    const core::frame_head head{core::frame_unit - core::frame_head_bytes, 0, 0};
    for (std::uint64_t n = 0; n < units; ++n) {
      std::memcpy(pipe.view().ring(0) + n * core::frame_unit, &head, sizeof head);
    }
    thread_ = std::thread([this, &pipe] {
      const auto& taken = pipe.view().positions(1).head;
      auto& tail = pipe.view().positions(0).tail;
      for (int n = 0; n < looks_most && !done_; ++n) {
        const core::frame_position seen{taken.load(std::memory_order_acquire)};
        tail.store(seen.after(units, 0).word, std::memory_order_release);
      }
    });
    while (pipe.view().positions(0).tail == 0) std::this_thread::yield();
  }
  endless_peer(const endless_peer&) = delete;
  endless_peer& operator=(const endless_peer&) = delete;
  ~endless_peer() {
    done_ = true;
    thread_.join();
  }

 private:
  static constexpr int looks_most = 100'000'000;  // so that who is held comes back
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a peer that sends pieces without end does not hold a look", "[pipe][unit]") {
  memory_pipe pipe(0, 16, endless_peer::ring_bytes);
  receiver r(pipe);
  const endless_peer peer(pipe);
  const auto& head = pipe.view().positions(1).head;
  for (int n = 0; n < 20; ++n) {
    const core::frame_position before{head.load()};
    REQUIRE(r.ring.find() == core::pipe_next::nothing);
    REQUIRE(core::frame_position{head.load()}.units_since(before) <= endless_peer::units);
  }
}
