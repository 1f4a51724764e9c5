#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <string>
#include <utility>

#include "process/attach/programs.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Pipe ends in the messages of published queues.
using bulkhead::errc;
using bulkhead::make_pipe;
using bulkhead::publish;
using bulkhead::queue;
using bulkhead_test::folder;
using bulkhead_test::peer;
using bulkhead_test::soon;

namespace {

using line_end = bulkhead::pipe_end<std::string, std::string>;

struct call {
  int number = 0;
  line_end line;
};

std::string next_of(const line_end& line) {
  std::error_code ec;
  const auto text = line.receive_for(soon, ec);
  return ec ? ec.message() : text.value_or("nothing");
}

std::string text_of(errc code) { return make_error_code(code).message(); }
std::string code_of(errc code) { return "bulkhead " + std::to_string(static_cast<int>(code)); }

}  // namespace

TEST_CASE("an attached program talks on the line that a message brought",
          "[process][attach][pipe]") {
  folder f;
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  const auto open = publish(rt, f.path("calls"), calls);
  peer other({"talk", f.path("calls")});
  for (int n = 0; n < 20; ++n) {
    auto [mine, its] = make_pipe<std::string, std::string>(rt);
    calls.send({n, std::move(its)});
    mine.send("hello");
    REQUIRE(next_of(mine) == "hello " + std::to_string(n));
    REQUIRE(next_of(mine) == text_of(errc::closed));
  }
  calls.close();
  CHECK(other.line() == "closed");
}

TEST_CASE("when an attached program is killed the next taker of its message has its line",
          "[process][attach][pipe][crash]") {
  folder f;
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  const auto open = publish(rt, f.path("calls"), calls);
  auto [mine, its] = make_pipe<std::string, std::string>(rt);
  calls.send({4, std::move(its)});
  peer first({"hold_line", f.path("calls"), "message"});
  CHECK(next_of(mine) == "holding");
  CHECK(mine.peer().name == "attach_peer");
  CHECK(mine.peer().id == first.pid());
  first.kill();
  peer second({"talk", f.path("calls")});
  mine.send("again");
  CHECK(next_of(mine) == text_of(errc::peer_restarted));
  CHECK(next_of(mine) == "again 4");
}

TEST_CASE("a line that an attached program has for its own breaks when it is killed",
          "[process][attach][pipe][crash]") {
  folder f;
  bulkhead::runtime rt;
  const queue<call> calls{rt};
  const auto open = publish(rt, f.path("calls"), calls);
  auto [mine, its] = make_pipe<std::string, std::string>(rt);
  calls.send({4, std::move(its)});
  peer first({"hold_line", f.path("calls"), "line"});
  CHECK(next_of(mine) == "holding");
  first.kill();
  try {
    static_cast<void>(mine.receive_for(soon));
    FAIL("nothing was thrown");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::peer_crashed);
    const std::string text = failure.what();
    CHECK(text.find("how it ended is not known") != std::string::npos);
  }
}

TEST_CASE("an attached program hands a line on", "[process][attach][pipe]") {
  folder f;
  bulkhead::runtime rt;
  const queue<call> in{rt};
  const queue<call> out{rt};
  const auto open_in = publish(rt, f.path("in"), in);
  const auto open_out = publish(rt, f.path("out"), out);
  auto [mine, its] = make_pipe<std::string, std::string>(rt);
  in.send({1, std::move(its)});
  peer other({"hand_on", f.path("in"), f.path("out")});
  CHECK(other.line() == "gone");
  const auto back = out.receive_for(soon);
  REQUIRE(back.has_value());
  CHECK(next_of(mine) == "handed on");
  REQUIRE(back->line);
  back->line.send("and back");
  CHECK(next_of(mine) == "and back");
}

TEST_CASE("a line of an attached program's own cannot be sent, and the error says what can",
          "[process][attach][pipe]") {
  folder f;
  bulkhead::runtime rt;
  const queue<call> calls{rt, {.name = "calls"}};
  const auto open = publish(rt, f.path("calls"), calls);
  peer other({"offer_own_line", f.path("calls")});
  const std::string said = other.line();
  CHECK(said.find(code_of(errc::unsupported) + " sending to queue 'calls'") == 0);
  CHECK(said.find("the program that published the queue makes the pipe") != std::string::npos);
  CHECK(calls.empty());
}

TEST_CASE("when the publisher is killed every call on its lines fails",
          "[process][attach][pipe][crash]") {
  folder f;
  const std::string way = GENERATE("receive", "send", "wait_any");
  peer owner({"publish_call", f.path("calls")});
  REQUIRE(bulkhead_test::eventually([&] { return std::filesystem::exists(f.path("calls")); }));
  peer waiter({"wait_on_line", f.path("calls"), way});
  REQUIRE(owner.line() == "listening");
  owner.kill();
  CHECK(waiter.line() == code_of(errc::owner_gone) + " waited");
  CHECK(waiter.line() == code_of(errc::owner_gone) + " send");
}
