#include <random>

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
