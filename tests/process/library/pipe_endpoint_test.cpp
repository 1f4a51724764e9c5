#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "process/library/keeper_watch.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Queues and pipe ends in the messages of pipes.
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

using jobs_in = pipe_end<int, job>;
using calls_in = pipe_end<int, call>;

void answer_jobs(jobs_in from) {
  std::error_code ec;
  for (;;) {
    const job j = from.receive(ec);
    if (ec) return;
    j.reply.send(static_cast<int>(j.text.size()));
  }
}

std::string next_of(const pipe_end<std::string, std::string>& line) {
  std::error_code ec;
  const auto text = line.receive_for(soon, ec);
  return ec ? ec.message() : text.value_or("nothing");
}

std::string text_of(errc code) { return make_error_code(code).message(); }

std::vector<job> jobs_with(const queue<int>& reply, std::size_t count) {
  std::vector<job> all;
  for (std::size_t n = 0; n < count; ++n) all.push_back({std::string(n, 'x'), reply});
  return all;
}

}  // namespace

TEST_CASE("a queue travels through a pipe, by every form", "[pipe][process][travel]") {
  bulkhead::runtime rt;
  auto [mine, its] = make_pipe<job, int>(rt);
  auto child = rt.spawn(answer_jobs, std::move(its));
  const queue<int> reply{rt};
  mine.send({"1", reply});
  CHECK(reply.receive_for(soon) == 1);
  CHECK(mine.try_send({"22", reply}));
  CHECK(reply.receive_for(soon) == 2);
  CHECK(mine.send_for({"333", reply}, soon));
  CHECK(reply.receive_for(soon) == 3);
  mine.async_send(job{"4444", reply}, boost::asio::use_future).get();
  CHECK(reply.receive_for(soon) == 4);
  CHECK(mine.send_batch(jobs_with(reply, 3)) == 3);
  for (int n = 0; n < 3; ++n) CHECK(reply.receive_for(soon) == n);
  mine.send({"none wanted", queue<int>{rt}});
  const auto large = GENERATE(std::size_t{3'000'000}, std::size_t{5});
  mine.send({std::string(large, 'x'), reply});
  CHECK(reply.receive_for(soon) == static_cast<int>(large));
  mine.async_send(job{std::string(large, 'x'), reply}, boost::asio::use_future).get();
  CHECK(reply.receive_for(soon) == static_cast<int>(large));
}

TEST_CASE("a queue in a pipe's message is received by every form", "[pipe][travel]") {
  bulkhead::runtime rt;
  auto [out, in] = make_pipe<job, int>(rt);
  const queue<int> reply{rt};
  out.send_batch(jobs_with(reply, 6));
  CHECK(in.receive().reply == reply);
  CHECK(in.try_receive().value().reply == reply);
  CHECK(in.receive_for(soon).value().reply == reply);
  CHECK(in.async_receive(boost::asio::use_future).get().reply == reply);
  const auto rest = in.receive_batch(10);
  REQUIRE(rest.size() == 2);
  CHECK(rest[1].reply == reply);
  out.send({"empty", {}});
  CHECK_FALSE(in.receive().reply);
}

TEST_CASE("a pipe end travels through a pipe, and is the receiver's", "[pipe][process][travel]") {
  bulkhead::runtime rt;
  auto [out, in] = make_pipe<call, int>(rt);
  auto child = rt.spawn(
      [](calls_in from) {
        const call c = from.receive();
        c.line.send(c.line.receive() + " " + std::to_string(c.number));
      },
      std::move(in));
  auto [mine, its] = make_pipe<std::string, std::string>(rt);
  mine.send("hello");
  const call c{7, std::move(its)};
  out.send(c);
  CHECK_FALSE(c.line);
  CHECK(next_of(mine) == "hello 7");
  CHECK(next_of(mine) == text_of(errc::closed));
}

TEST_CASE("what fails to be sent through a pipe stays", "[pipe][travel]") {
  bulkhead::runtime rt;
  auto [out, in] = make_pipe<call, int>(rt, {.capacity = 1});
  auto [mine, its] = make_pipe<std::string, std::string>(rt);
  const call c{1, std::move(its)};
  std::error_code ec;
  SECTION("to a full pipe") {
    out.send({});
    CHECK_FALSE(out.try_send(c));
    CHECK_FALSE(out.send_for(c, 1ms));
  }
  SECTION("to a pipe whose other end is closed") {
    in.close();
    out.send(c, ec);
    CHECK(ec == errc::closed);
  }
  SECTION("while a message of its own is lent out") {
    mine.send("lent");
    const auto lent = c.line.receive_in_place();
    out.send(c, ec);
    CHECK(ec == errc::full);
  }
  CHECK(c.line);
  c.line.send("mine still");
  CHECK(next_of(mine) == "mine still");
  out.close();
}

namespace {

/// Its own kind travels through it.
struct knot {
  pipe_end<knot, knot> end;
};

}  // namespace

TEST_CASE("a pipe end does not travel through itself", "[pipe][travel]") {
  bulkhead::runtime rt;
  auto [a, b] = make_pipe<knot, knot>(rt);
  knot k{std::move(a)};
  std::error_code ec;
  k.end.send(k, ec);
  CHECK(ec == errc::not_permitted);
  REQUIRE(k.end);
  k.end.send({});
  CHECK_FALSE(b.receive().end);
}

TEST_CASE("a pipe end that was sent where nobody can receive it is closed", "[pipe][travel]") {
  bulkhead::runtime rt;
  const keeper_watch k(rt);
  const int before = k.pipes();
  {
    SECTION("through its own other side") {
      auto [a, b] = make_pipe<knot, knot>(rt);
      b.send({std::move(a)});
      std::error_code ec;
      static_cast<void>(b.receive_for(soon, ec));
      CHECK(ec == errc::closed);
    }
    SECTION("two through one another") {
      auto [a, b] = make_pipe<knot, knot>(rt);
      auto [c, d] = make_pipe<knot, knot>(rt);
      b.send({std::move(c)});
      d.send({std::move(a)});
      std::error_code ec;
      static_cast<void>(b.receive_for(soon, ec));
      CHECK(ec == errc::closed);
    }
    SECTION("through a pipe whose receiver then goes") {
      auto [a, b] = make_pipe<knot, knot>(rt);
      auto [c, d] = make_pipe<knot, knot>(rt);
      a.send({std::move(c)});
      b.close();
      std::error_code ec;
      static_cast<void>(d.receive_for(soon, ec));
      CHECK(ec == errc::closed);
    }
  }
  CHECK(eventually([&] { return k.pipes() == before; }));
}

TEST_CASE("a queue that only a pipe's message names goes with the message", "[pipe][travel]") {
  bulkhead::runtime rt;
  const keeper_watch k(rt);
  auto [out, in] = make_pipe<job, int>(rt);
  const int before = k.queues();
  out.send({"lone", queue<int>{rt}});
  CHECK(k.queues() == before + 1);
  SECTION("received") { CHECK(in.receive().reply); }
  SECTION("never received") { CHECK_NOTHROW(in.close()); }
  SECTION("never received, and both ends gone") {
    CHECK_NOTHROW(in = {});
    CHECK_NOTHROW(out = {});
  }
  CHECK(eventually([&] { return k.queues() == before; }));
}

TEST_CASE("two threads that send each other's pipe ends away do not wait for one another",
          "[pipe][travel]") {
  bulkhead::runtime rt;
  for (int round = 0; round < 50; ++round) {
    auto one = make_pipe<knot, knot>(rt);
    auto two = make_pipe<knot, knot>(rt);
    knot a{std::move(one.first)};
    knot b{std::move(two.first)};
    std::error_code first;
    std::error_code second;
    std::thread other([&] { a.end.send(b, first); });
    b.end.send(a, second);
    other.join();
    // One of them was away when the other wanted it.
    CHECK((first ? 1 : 0) + (second ? 1 : 0) == 1);
  }
}
