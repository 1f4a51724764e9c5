#include <atomic>
#include <thread>

#include "random/options.hpp"
#include "runtime/pipe_ring_memory.hpp"
#include "stress/stress.hpp"

namespace stress {
namespace {

namespace core = bulkhead::core;
using pipe_ring::memory_pipe;

constexpr std::uint64_t messages = 8'000;

std::string text_of(std::uint64_t number, std::uint32_t slot) {
  const std::size_t size = slot != 0 ? slot : number % 50 == 7 ? 5'000 : 8 + number % 90;
  std::string text(size, static_cast<char>('a' + number % 26));
  std::memcpy(text.data(), &number, sizeof number);
  return text;
}

// From one end; what does not fit goes in pieces.
void sender(memory_pipe& pipe, std::uint32_t end, std::uint32_t slot) {
  auto port = std::make_unique<bulkhead::detail::pipe_out_port>();
  core::pipe_writer ring(pipe.view(), end, *port);
  for (std::uint64_t n = 0; n < messages; ++n) {
    const std::string text = text_of(n, slot);
    std::byte* at = nullptr;
    core::pipe_room room = core::pipe_room::none;
    while ((room = ring.reserve(text.size(), at)) == core::pipe_room::none) {
      std::this_thread::yield();
    }
    if (room == core::pipe_room::there) {
      std::memcpy(at, text.data(), text.size());
      ring.publish();
      continue;
    }
    for (std::size_t sent = 0; sent < text.size();) {
      const std::size_t some = ring.publish_piece(std::as_bytes(std::span(text).subspan(sent)),
                                                  sent == 0, true, room, text.size());
      if (some == 0) std::this_thread::yield();
      sent += some;
    }
  }
}

void receiver(memory_pipe& pipe, std::uint32_t end, std::uint32_t slot, std::atomic<bool>& bad) {
  auto port = std::make_unique<bulkhead::detail::pipe_in_port>();
  core::pipe_reader ring(pipe.view(), end, *port);
  for (std::uint64_t n = 0; n < messages && !bad;) {
    const core::pipe_next next = ring.find();
    if (next == core::pipe_next::nothing) {
      std::this_thread::yield();
      continue;
    }
    const auto bytes = ring.message();
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (next != core::pipe_next::message || text != text_of(n, slot)) bad = true;
    ring.finish();
    ++n;
  }
}

}  // namespace

std::uint64_t pipe_round(std::uint64_t seed) {
  random_test::dice dice(seed);
  constexpr std::uint32_t slots[] = {0, 8, 64};
  const std::uint32_t slot = slots[dice.below(3)];
  memory_pipe pipe(slot, 1 + static_cast<std::uint32_t>(dice.below(60)), 8192);
  std::atomic<bool> bad = false;
  std::thread threads[] = {std::thread([&] { sender(pipe, 0, slot); }),
                           std::thread([&] { sender(pipe, 1, slot); }),
                           std::thread([&] { receiver(pipe, 0, slot, bad); }),
                           std::thread([&] { receiver(pipe, 1, slot, bad); })};
  for (std::thread& t : threads) t.join();
  return bad ? 0 : 2 * messages;
}

}  // namespace stress
