#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Every form that waits in mailboxes, when its process is to stop and in a forked copy of it.
namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead::to;
using bulkhead_test::soon;

namespace {

using words = std::vector<std::uint64_t>;

/// Mailboxes in which all of these have to wait.
struct waiting_calls {
  explicit waiting_calls(bulkhead::runtime& rt)
      : full{rt, {.capacity = 1}},
        empty{rt},
        in{rt},
        large{rt, {.payload_bytes = 1 << 16}},
        crowded{rt, {.capacity = 1}},
        pipe{bulkhead::make_pipe<int, int>(rt, {.capacity = 1})} {
    full.send(1);
    in.send(1);
    in.send(2);
    taken = {in.take(), in.take()};
    crowded.send({1});
    pipe.first.send(1);
  }

  /// Begins one of them, which is to report how it ended.
  template <class Note>
  void begin(int which, Note note) {
    switch (which) {
      case 0:
        return full.async_send_batch({1, 2}, note);
      case 1:
        return empty.async_take_batch(2, note);
      case 2:
        return full.async_join(note);
      case 3:
        return taken[0].async_forward(full, 1, note);
      case 4:
        return bulkhead::async_forward(std::span(&taken[1], 1), to(full, 1), note);
      case 5:
        return pipe.first.async_send_batch({2, 3}, note);
      case 6:
        return pipe.first.async_receive_batch(2, note);
      case 7:
        return pipe.first.async_poll(note);
      case 8:
        return large.async_loan(6000, note);
      case 9:
        return crowded.async_send(std::move(to_send), note);
      default:
        return none_large.async_take_in_place(note);
    }
  }
  static constexpr int count = 11;

  queue<int> full;
  queue<int> empty;
  queue<int> in;
  queue<words> large;
  queue<words> crowded;
  std::pair<bulkhead::pipe_end<int, int>, bulkhead::pipe_end<int, int>> pipe;
  std::array<bulkhead::delivery<int>, 2> taken;
  bulkhead::queue_loan<words> held = large.loan(6000);
  bulkhead::queue_loan<words> to_send = crowded.loan(10);
  queue<words> none_large = large;
};

// Begins one that waits, and reports how it ended.
void wait_to_be_stopped(queue<int> out, int which) {
  waiting_calls calls{bulkhead::this_process::runtime()};
  asio::io_context io;
  error_code result;
  calls.begin(which, asio::bind_executor(
                         io, [&](const error_code& ec, auto&&... /*value*/) { result = ec; }));
  io.poll();
  out.send(io.stopped() ? 0 : 1);
  io.restart();
  io.run();
  out.send(result == errc::stop_requested ? 2 : 3);
}

}  // namespace

TEST_CASE("a stop request ends whatever waits asynchronously in a mailbox", "[async][process]") {
  bulkhead::runtime rt;
  const queue<int> out{rt};
  auto p = rt.spawn(wait_to_be_stopped, out, GENERATE(range(0, waiting_calls::count)));
  CHECK(out.receive_for(soon) == 1);
  p.request_stop();
  CHECK(out.receive_for(soon) == 2);
  CHECK(p.join().success());
}

TEST_CASE("in a forked copy no asynchronous call waits in a mailbox", "[async][process]") {
  bulkhead::runtime rt;
  waiting_calls calls{rt};
  asio::io_context io;
  int ended = 0;
  int refused = 0;
  const auto begin_all = [&] {
    for (int which = 0; which < waiting_calls::count; ++which) {
      calls.begin(which, asio::bind_executor(io, [&](const error_code& ec, auto&&... /*value*/) {
                    ++ended;
                    if (ec == errc::not_initialised) ++refused;
                  }));
    }
  };
  begin_all();
  io.poll();
  CHECK(ended == 0);
  const pid_t copy = fork();
  if (copy == 0) {
    io.notify_fork(asio::execution_context::fork_child);
    io.restart();
    io.run_for(5s);
    begin_all();
    io.restart();
    io.run_for(5s);
    _exit(ended == refused && io.stopped() ? refused : 0);
  }
  int status = 0;
  waitpid(copy, &status, 0);
  CHECK(WEXITSTATUS(status) == 2 * waiting_calls::count);
  // The original's are as they were.
  io.restart();
  io.poll();
  CHECK(ended == 0);
  CHECK_FALSE(io.stopped());
}
