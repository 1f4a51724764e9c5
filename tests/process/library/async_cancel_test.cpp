#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <filesystem>
#include <future>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::soon;

TEST_CASE("a cancelled operation has sent and taken nothing", "[async][queue]") {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  queue<int> q{rt, {.capacity = 1}};
  asio::cancellation_signal stop;
  error_code result;
  auto note = asio::bind_cancellation_slot(stop.slot(),
                                           [&](error_code ec, auto... /*value*/) { result = ec; });
  SECTION("receive") {
    q.async_receive(note);
    io.poll();
    stop.emit(asio::cancellation_type::terminal);
    q.send(1);
    CHECK(!result);  // not inline either
    io.run_for(soon);
    CHECK(q.size() == 1);
  }
  SECTION("send") {
    q.send(1);
    q.async_send(2, note);
    io.poll();
    stop.emit(asio::cancellation_type::partial);
    io.run_for(soon);
    CHECK(q.receive() == 1);
    CHECK(!q.try_receive());
  }
  CHECK(result == asio::error::operation_aborted);
  CHECK(io.stopped());
  stop.emit(asio::cancellation_type::total);  // nobody is there any more
}

TEST_CASE("the others in line go on when one of them is cancelled", "[async][queue]") {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  queue<int> q{rt};
  asio::cancellation_signal stop;
  std::vector<int> got;
  auto note = [&](error_code ec, int n) { got.push_back(ec ? -1 : n); };
  q.async_receive(asio::bind_cancellation_slot(stop.slot(), note));
  q.async_receive(note);
  io.poll();
  stop.emit(asio::cancellation_type::terminal);
  q.send(7);
  io.run_for(soon);
  CHECK(got == std::vector{-1, 7});
}

TEST_CASE("an operation can be raced with a timer", "[async][queue]") {
  using namespace asio::experimental::awaitable_operators;
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  queue<int> q{rt};
  int outcome = 0;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        asio::steady_timer timer(io, 2ms);
        const auto first = co_await (q.async_receive(asio::use_awaitable) ||
                                     timer.async_wait(asio::use_awaitable));
        if (first.index() == 1) outcome += 1;
        q.send(5);
        timer.expires_after(soon);
        const auto second = co_await (q.async_receive(asio::use_awaitable) ||
                                      timer.async_wait(asio::use_awaitable));
        if (second.index() == 0) outcome += std::get<0>(second);
      },
      [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
      });
  io.run_for(soon);
  CHECK(outcome == 6);
}

TEST_CASE("handlers run on their own executor, in whatever context that is", "[async][queue]") {
  bulkhead::runtime rt;
  queue<int> q{rt};
  SECTION("a strand of a pool of threads") {
    asio::thread_pool pool(2);
    const auto strand = asio::make_strand(pool);
    std::atomic<int> done = 0;
    for (int n = 0; n < 100; ++n) {
      q.async_receive(asio::bind_executor(strand, [&, strand](error_code ec, int) {
        if (!ec && strand.running_in_this_thread()) ++done;
      }));
    }
    for (int n = 0; n < 100; ++n) q.send(n);
    CHECK(eventually([&] { return done == 100; }));
    pool.join();
  }
  SECTION("a loop of the user's, in this thread") {
    asio::io_context io;
    std::thread::id where;
    q.async_receive(
        asio::bind_executor(io, [&](error_code, int) { where = std::this_thread::get_id(); }));
    std::thread sender([&] { q.send(1); });
    io.run_for(soon);
    sender.join();
    CHECK(where == std::this_thread::get_id());
  }
  SECTION("without one: the runtime's own thread") {
    std::promise<std::thread::id> where;
    q.async_receive([&](error_code, int) { where.set_value(std::this_thread::get_id()); });
    q.send(1);
    CHECK(where.get_future().get() != std::this_thread::get_id());
  }
}

TEST_CASE("what waits in a context that is destroyed goes with it", "[async][queue]") {
  bulkhead::runtime rt;
  queue<std::string> q{rt, {.capacity = 1}};
  const auto token = std::make_shared<int>();
  asio::cancellation_signal stop;
  {
    asio::io_context io;
    auto keep = asio::bind_executor(
        io, asio::bind_cancellation_slot(stop.slot(), [token](auto...) { std::abort(); }));
    q.async_receive(keep);
    q.async_take(keep);
    enum class state { not_looked_at, looked_at, result_on_its_way, cancelled_and_not_told };
    switch (GENERATE(state::not_looked_at, state::looked_at, state::result_on_its_way,
                     state::cancelled_and_not_told)) {
      case state::not_looked_at:
        break;
      case state::looked_at:
        io.poll();
        break;
      case state::result_on_its_way:
        q.send("for nobody");
        io.run_one();
        break;
      case state::cancelled_and_not_told:
        stop.emit(asio::cancellation_type::terminal);
        break;
    }
    CHECK(token.use_count() > 1);
  }
  CHECK(token.use_count() == 1);
  stop.emit(asio::cancellation_type::terminal);
  q.close();
}

namespace {

struct memory_use {
  int now = 0;
  int ever = 0;
};

template <class T>
struct counting_allocator {
  using value_type = T;
  explicit counting_allocator(memory_use& u) : use(&u) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : use(other.use) {}
  T* allocate(std::size_t n) {
    ++use->now;
    ++use->ever;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) {
    --use->now;
    std::allocator<T>().deallocate(at, n);
  }
  template <class U>
  friend bool operator==(const counting_allocator& a, const counting_allocator<U>& b) {
    return a.use == b.use;
  }
  memory_use* use;
};

}  // namespace

TEST_CASE("an operation takes its memory from the handler's allocator", "[async][queue]") {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  queue<int> q{rt};
  memory_use use;
  int got = 0;
  int in_use = -1;
  q.async_receive(asio::bind_allocator(counting_allocator<void>(use), [&](error_code, int n) {
    got = n;
    in_use = use.now;
  }));
  CHECK(use.now == 1);
  io.poll();
  q.send(5);
  io.run_for(soon);
  CHECK(got == 5);
  CHECK(in_use == 0);  // all of it is free again before the handler runs
  CHECK(use.ever >= 1);
}

TEST_CASE("what waits on the runtime's own thread goes with the runtime", "[async][queue]") {
  const auto token = std::make_shared<int>();
  {
    bulkhead::runtime rt;
    queue<int> q{rt};
    q.async_receive([q, token](auto...) { std::abort(); });
    CHECK(token.use_count() > 1);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("futures cost no threads but the runtime's own", "[async][queue]") {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  bulkhead::runtime rt;
  queue<int> q{rt};
  const auto before = threads();
  auto waits = q.async_receive(asio::use_future);
  q.async_send(1, asio::use_future).get();
  CHECK(waits.get() == 1);
  CHECK(threads() == before);
}

TEST_CASE("a handler that throws on the runtime's own thread harms itself only", "[async][queue]") {
  bulkhead::runtime rt;
  queue<int> q{rt};
  q.async_receive([](error_code, int) { throw std::runtime_error("as the test wants it"); });
  auto next = q.async_receive(asio::use_future);
  q.send(1);
  q.send(2);
  CHECK(next.get() == 2);
}

TEST_CASE("many operations from many threads lose and double nothing", "[async][queue]") {
  constexpr int each = 2000;
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  bulkhead::runtime rt{io.get_executor()};
  queue<int> q{rt, {.capacity = 3}};
  std::atomic<long> sum = 0;
  std::atomic<int> ended = 0;
  const auto sender = [&](int from) -> asio::awaitable<void> {
    for (int n = from; n < from + each; ++n) co_await q.async_send(n, asio::use_awaitable);
    ++ended;
  };
  const auto receiver = [&]() -> asio::awaitable<void> {
    for (int n = 0; n < each; ++n) sum += co_await q.async_receive(asio::use_awaitable);
    ++ended;
  };
  const auto check = [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  };
  for (int n = 0; n < 3; ++n) {
    asio::co_spawn(io, sender(n * each), check);
    asio::co_spawn(io, receiver(), check);
  }
  std::vector<std::thread> threads;
  for (int n = 0; n < 3; ++n) threads.emplace_back([&] { io.run(); });
  CHECK(eventually([&] { return ended == 6; }));
  CHECK(sum == 3L * each * (3L * each - 1) / 2);
  io.stop();
  for (auto& thread : threads) thread.join();
}
