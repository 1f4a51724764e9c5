#include <pthread.h>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::pipe_end;
using bulkhead::queue;
using bulkhead_test::soon;

namespace {

std::atomic<int> signals_handled = 0;

// A handler that lets system calls end early.
class interrupting_handler {
 public:
  interrupting_handler() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++signals_handled; };
    sigaction(SIGUSR1, &action, &old_);
  }
  ~interrupting_handler() { sigaction(SIGUSR1, &old_, nullptr); }

 private:
  struct sigaction old_ {};
};

// Interrupts a thread all the time.
class interrupter {
 public:
  explicit interrupter(pthread_t whom)
      : thread_([this, whom] {
          while (!stop_) {
            pthread_kill(whom, SIGUSR1);
            std::this_thread::sleep_for(20us);
          }
        }) {}
  ~interrupter() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Runs `wake` when enough signals have come for the caller to have been interrupted while it waits.
template <class Wake>
std::thread after_signals(Wake wake) {
  return std::thread([wake, from = signals_handled.load()] {
    bulkhead_test::eventually([&] { return signals_handled > from + 100; });
    wake();
  });
}

}  // namespace

TEST_CASE("no call that waits is ended by a signal", "[queue][pipe][process]") {
  const interrupting_handler handler;
  bulkhead::runtime rt;
  queue<int> q{rt, {.capacity = 1}};
  auto pipe = bulkhead::make_pipe<int, int>(rt, {.capacity = 1});
  auto& [a, b] = pipe;
  const interrupter flood(pthread_self());
  std::thread later;
  SECTION("receive from a queue") {
    later = after_signals([&] { q.send(1); });
    CHECK(q.receive() == 1);
  }
  SECTION("take for a time") {
    later = after_signals([&] { q.send(1); });
    auto d = q.take_for(soon);
    REQUIRE(d);
    d.ack();
  }
  SECTION("send to a full queue") {
    q.send(1);
    later = after_signals([&] { q.receive(); });
    CHECK_NOTHROW(q.send(2));
  }
  SECTION("join") {
    auto d = (q.send(1), q.take());
    later = after_signals([&] { d.ack(); });
    CHECK_NOTHROW(q.join());
    later.join();
  }
  SECTION("receive from a pipe") {
    later = after_signals([&, &end = a] { end.send(1); });
    CHECK(b.receive() == 1);
  }
  SECTION("send to a full pipe") {
    a.send(1);
    later = after_signals([&, &end = b] { end.receive(); });
    CHECK_NOTHROW(a.send(2));
  }
  SECTION("wait_any") {
    later = after_signals([&] { q.send(1); });
    CHECK(bulkhead::wait_any(soon, b, q) == 1);
  }
  SECTION("a loop with an asynchronous call") {
    boost::asio::io_context io;
    later = after_signals([&] { q.send(1); });
    bool got = false;
    q.async_receive(
        boost::asio::bind_executor(io, [&](boost::system::error_code ec, int) { got = !ec; }));
    io.run_for(soon);
    CHECK(got);
  }
  SECTION("what asks the keeper") {
    for (int n = 0; n < 20; ++n) {
      auto p = rt.spawn([](const queue<int>& out) { out.send(1); }, q);
      const queue<int> other{rt};
      CHECK(q.receive() == 1);
      CHECK(p.join().success());
    }
  }
  if (later.joinable()) later.join();
}

namespace {

void hold_one(queue<int> from, queue<int> told) {
  auto d = from.take();
  told.send(*d);
  while (told.size() != 0) std::this_thread::sleep_for(1ms);
  raise(SIGSTOP);
  d.ack();
  told.send(2);
}

bool is_stopped(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(stat, line);
  return line.at(line.find_last_of(')') + 2) == 'T';
}

}  // namespace

TEST_CASE("a stopped process is not taken for dead", "[queue][pipe][process]") {
  bulkhead::runtime rt;
  queue<int> q{rt};
  queue<int> told{rt};
  auto [here, there] = bulkhead::make_pipe<int, int>(rt);
  auto p = rt.spawn(hold_one, q, told);
  auto other = rt.spawn(
      [](const pipe_end<int, int>& end) {
        raise(SIGSTOP);
        end.send(3);
      },
      std::move(there));
  q.send(1);
  CHECK(told.receive_for(soon) == 1);
  REQUIRE(bulkhead_test::eventually([&] { return is_stopped(p.id()) && is_stopped(other.id()); }));
  // Another death has its recovery run over everything.
  rt.spawn([] { std::_Exit(1); }).join();
  CHECK(!q.take_for(100ms));
  CHECK(q.in_flight().size() == 1);
  CHECK(p.running());
  CHECK(!p.join_for(0s));
  CHECK(!here.receive_for(100ms));
  CHECK(here.peer().what == bulkhead::pipe_peer::state::open);
  p.signal(SIGCONT);
  other.signal(SIGCONT);
  CHECK(told.receive_for(soon) == 2);
  CHECK(here.receive_for(soon) == 3);
  CHECK(p.join().success());
  CHECK(q.in_flight().empty());
}
