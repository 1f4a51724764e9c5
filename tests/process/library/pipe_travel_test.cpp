#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <string>
#include <utility>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Pipe ends that travel in messages.
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead::queue;
using bulkhead_test::soon;

namespace {

/// A conversation, handed over.
struct call {
  int number = 0;
  pipe_end<std::string, std::string> line;
};

void answer_one(queue<call> calls) {
  auto d = calls.take();
  const std::string text = d->line.receive();
  d->line.send(text + " " + std::to_string(d->number));
  d.ack();
}

void answer_all(queue<call> calls) {
  calls.consume([](const call& c) { c.line.send("here " + std::to_string(c.number)); });
}

std::string next_of(const pipe_end<std::string, std::string>& line) {
  std::error_code ec;
  const auto text = line.receive_for(soon, ec);
  return ec ? ec.message() : text.value_or("nothing");
}

std::string text_of(errc code) { return make_error_code(code).message(); }

}  // namespace

TEST_CASE("a pipe end travels through a queue, and is the receiver's", "[process][pipe][travel]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  auto child = rt.spawn(answer_one, calls);
  mine.send("hello");
  const call c{7, std::move(its)};
  REQUIRE(c.line);
  calls.send(c);
  CHECK_FALSE(c.line);
  std::error_code ec;
  c.line.send("still mine?", ec);
  CHECK(ec == errc::not_initialised);
  CHECK(next_of(mine) == "hello 7");
  CHECK(next_of(mine) == text_of(errc::closed));
}

TEST_CASE("a pipe end may come back to the process that sent it", "[process][pipe][travel]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  calls.send({1, std::move(its)});
  const call back = calls.receive();
  REQUIRE(back.line);
  back.line.send("round trip");
  CHECK(next_of(mine) == "round trip");
  mine.send("and back");
  CHECK(next_of(back.line) == "and back");
}

TEST_CASE("a send that fails leaves the pipe end", "[process][pipe][travel]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt, {.capacity = 1}};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  const call c{1, std::move(its)};
  std::error_code ec;
  SECTION("to a full queue") {
    calls.send({});
    CHECK_FALSE(calls.try_send(c));
  }
  SECTION("to a closed queue") {
    calls.close();
    calls.send(c, ec);
    CHECK(ec == errc::closed);
  }
  CHECK(c.line);
  c.line.send("mine still");
  CHECK(next_of(mine) == "mine still");
}

TEST_CASE("a pipe end in a message survives its sender", "[process][pipe][travel][crash]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  auto sender = rt.spawn(
      [](pipe_end<std::string, std::string> line, queue<call> to) {
        to.send({3, std::move(line)});
        ::raise(SIGKILL);
      },
      std::move(its), calls);
  REQUIRE(sender.join_for(soon).has_value());
  mine.send("anybody?");
  auto child = rt.spawn(answer_one, calls);
  CHECK(next_of(mine) == "anybody? 3");
}

TEST_CASE("when the taker of a message is killed the next one has its pipe end",
          "[process][pipe][travel][crash]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  calls.send({4, std::move(its)});
  auto first = rt.spawn(
      [](queue<call> from) {
        const auto d = from.take();
        d->line.send("first");
        ::pause();
      },
      calls);
  CHECK(next_of(mine) == "first");
  first.kill();
  auto second = rt.spawn(answer_all, calls);
  CHECK(next_of(mine) == text_of(errc::peer_restarted));
  CHECK(next_of(mine) == "here 4");
  CHECK(next_of(mine) == text_of(errc::closed));
}

TEST_CASE("a message that is released takes its pipe end along", "[process][pipe][travel]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  calls.send({5, std::move(its)});
  { const auto d = calls.take(); }
  auto child = rt.spawn(answer_all, calls);
  CHECK(next_of(mine) == text_of(errc::peer_restarted));
  CHECK(next_of(mine) == "here 5");
}

TEST_CASE("a message whose pipe end somebody has taken out brings an empty one",
          "[process][pipe][travel]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  const queue<std::string> said{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  calls.send({5, std::move(its)});
  auto d = calls.take();
  const auto kept = std::move(d.value().line);
  d.release();
  auto child =
      rt.spawn([](queue<call> from,
                  queue<std::string> to) { to.send(from.receive().line ? "an end" : "nothing"); },
               calls, said);
  CHECK(said.receive_for(soon) == "nothing");
  kept.send("kept");
  CHECK(next_of(mine) == "kept");
}

TEST_CASE("a pipe end whose message nobody takes is closed with its queue",
          "[process][pipe][travel]") {
  bulkhead::runtime rt;
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  {
    const queue<call> calls{rt};
    calls.send({6, std::move(its)});
  }
  CHECK(next_of(mine) == text_of(errc::closed));
}

TEST_CASE("a message that is dropped closes its pipe end", "[process][pipe][travel]") {
  bulkhead::runtime rt;
  const queue<call> calls{rt, {.capacity = 1, .overflow = bulkhead::overflow::drop_oldest}};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  calls.send({6, std::move(its)});
  calls.send({7, {}});
  CHECK(next_of(mine) == text_of(errc::closed));
  CHECK_FALSE(calls.receive().line);
}

TEST_CASE("forward hands a pipe end on", "[process][pipe][travel]") {
  bulkhead::runtime rt;
  const queue<call> in{rt};
  const queue<call> out{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  in.send({8, std::move(its)});
  auto d = in.take();
  std::error_code ec;
  if (const bool failed_once = GENERATE(false, true); failed_once) {
    const queue<call> shut{rt};
    shut.close();
    d.forward(shut, d.value(), ec);
    REQUIRE(ec == errc::closed);
    CHECK(d->line);
  }
  d.forward(out, d.value());
  CHECK_FALSE(d->line);
  auto child = rt.spawn(answer_all, out);
  CHECK(next_of(mine) == "here 8");
}

TEST_CASE("an argument of a supervised child stays its own", "[process][pipe][travel]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  const queue<call> calls{rt};
  const queue<std::string> said{rt};
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  sup.start(
      {.name = "keeper of the line", .restart = bulkhead::restart::temporary},
      [](pipe_end<std::string, std::string> line, queue<call> to, queue<std::string> tell) {
        const call c{9, std::move(line)};
        std::error_code ec;
        to.send(c, ec);
        tell.send(ec.message());
        c.line.send("mine");
      },
      std::move(its), calls, said);
  CHECK(said.receive_for(soon) == text_of(errc::not_permitted));
  CHECK(next_of(mine) == "mine");
}
