#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "process/library/keeper_watch.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Queues and pipe ends in the messages of pipes, when their processes end.
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::make_pipe;
using bulkhead::pipe_end;
using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::keeper_watch;
using bulkhead_test::soon;

namespace {

struct job {
  std::string text;
  queue<int> reply;
};
struct call {
  int number = 0;
  pipe_end<std::string, std::string> line;
};

using jobs_out = pipe_end<job, int>;
using jobs_in = pipe_end<int, job>;
using calls_out = pipe_end<call, int>;
using calls_in = pipe_end<int, call>;

// The first incarnation that decodes it is killed when its endpoints are there already.
class bomb {
 public:
  bomb() = default;
  explicit bomb(call c) : call_(std::move(c)) {}
  [[nodiscard]] const call& inside() const { return call_; }
  template <class Inspector>
  friend bool inspect(Inspector& f, bomb& x) {
    const auto get = [] { return 1; };
    const auto set = [](int) {
      if (bulkhead::this_process::incarnation() == 1) raise(SIGKILL);
      return true;
    };
    return f.object(x).fields(f.field("number", x.call_.number), f.field("line", x.call_.line),
                              f.field("fuse", get, set));
  }

 private:
  call call_;
};

std::string next_of(const pipe_end<std::string, std::string>& line) {
  std::error_code ec;
  const auto text = line.receive_for(soon, ec);
  return ec ? ec.message() : text.value_or("nothing");
}

std::string text_of(errc code) { return make_error_code(code).message(); }

}  // namespace

TEST_CASE("what a pipe's message names outlives the process that made and sent it",
          "[pipe][process][travel][crash]") {
  bulkhead::runtime rt;
  auto [in, its] = make_pipe<int, job>(rt, {.ring_bytes = 4096});
  const auto large = GENERATE(std::size_t{10}, std::size_t{100'000});
  in.send(static_cast<int>(large));
  auto sender = rt.spawn(
      [](jobs_out to) {
        const auto length = static_cast<std::size_t>(to.receive());
        const queue<int> inside{bulkhead::this_process::runtime()};
        inside.send(11);
        to.send({std::string(length, 'x'), inside});
        raise(SIGKILL);
      },
      std::move(its));
  // What fits the pipe is received when its sender is long gone.
  if (large < 4096) REQUIRE(sender.join_for(soon).has_value());
  const auto got = in.receive_for(soon);
  REQUIRE(sender.join_for(soon).has_value());
  REQUIRE(got.has_value());
  CHECK(got->text.size() == large);
  CHECK(got->reply.receive_for(soon) == 11);
  std::error_code ec;
  CHECK_FALSE(in.receive_for(soon, ec));
  CHECK(ec == errc::peer_crashed);
}

TEST_CASE("a receiver that is killed while it decodes leaves the message to the next one",
          "[pipe][process][travel][crash]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  auto [out, in] = make_pipe<bomb, int>(rt, {.ring_bytes = 4096});
  auto [mine, its] = make_pipe<std::string, std::string>(rt);
  out.send(bomb(call{4, std::move(its)}));
  sup.start(
      {.name = "taker"},
      [](pipe_end<int, bomb> from) {
        const bomb b = from.receive();
        b.inside().line.send("here " + std::to_string(b.inside().number));
        std::error_code ec;
        static_cast<void>(from.receive(ec));
      },
      std::move(in));
  CHECK(next_of(mine) == text_of(errc::peer_restarted));
  CHECK(next_of(mine) == "here 4");
}

TEST_CASE("a pipe end whose receiver is killed for good is told so", "[pipe][process][travel]") {
  bulkhead::runtime rt;
  auto [out, in] = make_pipe<bomb, int>(rt);
  auto [mine, its] = make_pipe<std::string, std::string>(rt);
  out.send(bomb(call{4, std::move(its)}));
  auto taker =
      rt.spawn([](pipe_end<int, bomb> from) { static_cast<void>(from.receive()); }, std::move(in));
  CHECK(next_of(mine) == text_of(errc::peer_crashed));
}

TEST_CASE("5000 messages with queues and pipe ends in a pipe leave none behind",
          "[pipe][process][travel]") {
  bulkhead::runtime rt;
  const keeper_watch k(rt);
  const int queues = k.queues();
  const int pipes = k.pipes();
  {
    auto [jobs, its_jobs] = make_pipe<int, job>(rt, {.capacity = 64});
    auto [calls, its_calls] = make_pipe<int, call>(rt, {.capacity = 64});
    auto child = rt.spawn(
        [](jobs_out to, calls_out other) {
          auto& own = bulkhead::this_process::runtime();
          for (int n = 0; n < 2500; ++n) {
            to.send({"", queue<int>{own, {.capacity = 1, .participants = 2}}});
            auto [mine, its] = make_pipe<std::string, std::string>(own);
            mine.send("said before it left");
            other.send({n, std::move(its)});
          }
        },
        std::move(its_jobs), std::move(its_calls));
    int whole = 0;
    for (int n = 0; n < 2500; ++n) {
      const auto j = jobs.receive_for(soon);
      const auto c = calls.receive_for(soon);
      if (!j || !j->reply || !c || !c->line) break;
      if (c->line.receive() == "said before it left") ++whole;
    }
    CHECK(whole == 2500);
  }
  CHECK(eventually([&] { return k.queues() == queues && k.pipes() == pipes; }));
}

TEST_CASE("kills at random instants lose no endpoint in a pipe", "[pipe][process][travel][crash]") {
  bulkhead::runtime rt;
  const keeper_watch k(rt);
  const int queues = k.queues(), pipes = k.pipes();
  {
    bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
    auto [tell, told] = make_pipe<int, int>(rt);
    auto [out, in] = make_pipe<job, int>(rt, {.capacity = 8, .ring_bytes = 4096});
    auto sender = sup.start(
        {.name = "sender", .backoff = bulkhead::no_backoff},
        [](jobs_out to) {
          std::error_code ec;
          for (;;) {
            const queue<int> inside{bulkhead::this_process::runtime(), {.capacity = 2}};
            inside.send(1);
            to.send({std::string(static_cast<std::size_t>(rand() % 3000), 'x'), inside}, ec);
            if (ec == errc::stop_requested) return;
          }
        },
        std::move(out));
    auto taker = sup.start(
        {.name = "taker", .backoff = bulkhead::no_backoff},
        [](jobs_in from, pipe_end<int, int> to) {
          std::error_code ec;
          for (;;) {
            const job j = from.receive(ec);
            if (ec == errc::stop_requested) return;
            if (!ec) to.send(j.reply.try_receive() == 1 ? 1 : 0);
          }
        },
        std::move(in), std::move(tell));
    int whole = 0;
    for (int round = 0; round < 40; ++round) {
      // Something happens first, and then a while that no two rounds share.
      for (int heard = 0; heard < 3;) {
        std::error_code ec;
        const auto one = told.receive_for(soon, ec);
        REQUIRE((one || ec == errc::peer_restarted));
        if (!one) continue;
        ++heard;
        whole += *one;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(137 * round));
      for (const auto& child : sup.which_children()) {
        const bool is_turn = (child.name == "sender") == (round % 2 == 0);
        if (is_turn && child.pid > 0) ::kill(child.pid, SIGKILL);
      }
    }
    // A taker that is killed between the two pipes takes what it had along, and no other is spoilt.
    CHECK(whole == 120);
  }
  CHECK(eventually([&] { return k.queues() == queues; }));
  CHECK(eventually([&] { return k.pipes() == pipes; }));
}
