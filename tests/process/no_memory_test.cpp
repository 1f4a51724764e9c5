#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"
#include "support/run_tests.hpp"

// A process whose memory is limited may find none at any allocation. Nothing that others wait for
// stays locked then, and no message is lost or doubled.

namespace {

thread_local int left_to_allocate = -1;  // -1: no end of it

}  // namespace

void* operator new(std::size_t bytes) {
  if (left_to_allocate == 0) throw std::bad_alloc();
  if (left_to_allocate > 0) --left_to_allocate;
  void* const made = std::malloc(bytes);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
void operator delete(void* what) noexcept { std::free(what); }
void operator delete(void* what, std::size_t) noexcept { std::free(what); }

namespace {

using bulkhead::queue;
using bulkhead_test::soon;

constexpr int allocations_most = 40;

// Runs `work` so that its allocation number `n` fails. @returns whether it was carried out.
template <class Work>
bool run_short_of_memory(int n, Work work) {
  left_to_allocate = n;
  try {
    work();
    left_to_allocate = -1;
    return true;
  } catch (const std::bad_alloc&) {
    left_to_allocate = -1;
    return false;
  } catch (const bulkhead::error& failure) {
    left_to_allocate = -1;
    REQUIRE(failure.code() == std::errc::not_enough_memory);
    return false;
  }
}

// Of sizes that need blocks of their own, larger and larger, so that new ones have to be found.
std::string text_of(int n) { return std::string(static_cast<std::size_t>(2000 + 500 * n), 'x'); }

}  // namespace

TEST_CASE("a send that finds no memory leaves the queue as it is", "[process][memory]") {
  bulkhead::runtime rt;
  queue<std::string> q{rt, {.capacity = 64}};
  for (int n = 0; n < allocations_most; ++n) {
    INFO("allocation " << n);
    const std::string text = text_of(n);
    const bool sent = run_short_of_memory(n % 8, [&] { q.send(text); });
    if (sent) REQUIRE(q.receive_for(soon) == text);
    // By another thread, which waits where a lock was left.
    std::thread other([&] { q.send("after"); });
    other.join();
    REQUIRE(q.receive_for(soon) == "after");
    REQUIRE(q.empty());
  }
}

TEST_CASE("a forward that finds no memory is carried out or not at all", "[process][memory]") {
  bulkhead::runtime rt;
  queue<std::string> in{rt, {.capacity = 64}};
  queue<std::string> out{rt, {.capacity = 64}};
  for (int n = 0; n < allocations_most; ++n) {
    INFO("allocation " << n);
    const std::string text = text_of(n);
    in.send(text);
    auto d = in.take();
    const bool sent = run_short_of_memory(n % 8, [&] { d.forward(out, text); });
    REQUIRE(static_cast<bool>(d) == !sent);
    if (!sent) d.forward(out, text);
    REQUIRE(out.receive_for(soon) == text);
    REQUIRE(out.empty());
    REQUIRE(in.empty());
  }
}

TEST_CASE("a take that finds no memory leaves the message", "[process][memory]") {
  bulkhead::runtime rt;
  for (int n = 0; n < 8; ++n) {
    INFO("allocation " << n);
    queue<std::string> q{rt, {.capacity = 8}};
    q.send(text_of(n));
    const bool taken = run_short_of_memory(n, [&] { q.take().ack(); });
    if (!taken) {
      std::thread other([&] {
        if (auto d = q.take_for(soon)) d.ack();
      });
      other.join();
    }
    REQUIRE(q.empty());
  }
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bulkhead_test::run_tests(argc, argv);
}
