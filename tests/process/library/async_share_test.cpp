#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <bulkhead/bulkhead.hpp>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace asio = boost::asio;
using bulkhead::queue;
using bulkhead_test::soon;

namespace {

// Several coroutines of one loop, as a stage between two queues, until the first is closed.
void async_stage(queue<int> in, queue<int> out) {
  asio::io_context io;
  const auto work = [&]() -> asio::awaitable<void> {
    for (;;) {
      auto d = co_await in.async_take(asio::use_awaitable);
      co_await out.async_send(*d, asio::use_awaitable);
      d.ack();
    }
  };
  int ended = 0;
  for (int n = 0; n < 3; ++n) {
    asio::co_spawn(io, work(), [&](const std::exception_ptr& failure) {
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const boost::system::system_error& end) {
        if (end.code() == bulkhead::errc::closed) ++ended;
      }
    });
  }
  io.run();
  if (ended != 3) std::exit(1);
}

void blocking_stage(queue<int> in, queue<int> out) {
  in.consume([&](int n) { out.send(n); });
}

void source(queue<int> out, int from, int count) {
  for (int n = from; n < from + count; ++n) out.send(n);
}

}  // namespace

// The queues hold so few messages that everybody sleeps all the time: one wake-up that gets lost
// would end the test.
TEST_CASE("asynchronous and blocking stages of several processes share queues",
          "[async][queue][process]") {
  constexpr int each = 3000;
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  queue<int> in{rt, {.capacity = 2}};
  queue<int> out{rt, {.capacity = 2}};
  auto a = rt.spawn(async_stage, in, out);
  auto b = rt.spawn(async_stage, in, out);
  auto c = rt.spawn(blocking_stage, in, out);
  auto one = rt.spawn(source, in, 0, each);
  auto two = rt.spawn(source, in, each, each);
  long sum = 0;
  int count = 0;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        for (; count < 2 * each; ++count) sum += co_await out.async_receive(asio::use_awaitable);
      },
      [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
      });
  io.run_for(2 * soon);
  CHECK(count == 2 * each);
  CHECK(sum == 2L * each * (2L * each - 1) / 2);
  in.close();
  for (auto* p : {&a, &b, &c, &one, &two}) CHECK(p->join().success());
}
