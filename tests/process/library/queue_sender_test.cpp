#include <unistd.h>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Handles that only send, and the queue that closes after them.
using namespace std::chrono_literals;
using bulkhead::queue;
using bulkhead::queue_sender;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

const bulkhead::queue_options closing = {.name = "numbers", .close_after_senders = true};

/// A sender that travels in a message.
struct order {
  int number = 0;
  queue_sender<int> to;
};

void send_one(queue_sender<int> to, int number) { to.send(number); }

// Sends when it is told to; ends at the end of what it is told.
void send_when_told(queue_sender<int> to, queue<int> told) {
  for (const int n : told) {
    if (n < 0) ::raise(SIGKILL);
    to.send(n);
  }
}

/// Everything that is left, till the queue is closed.
std::vector<int> rest_of(const queue<int>& q) {
  std::vector<int> all;
  std::error_code ec;
  while (auto n = q.receive_for(soon, ec)) all.push_back(*n);
  CHECK(ec == bulkhead::errc::closed);
  return all;
}

}  // namespace

TEST_CASE("a sender sends asynchronously, when there is room, and hears of the close",
          "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, {.name = "numbers", .capacity = 1}};
  const queue_sender<int> s = q.sender();
  s.async_send(1, boost::asio::use_future).get();
  auto second = s.async_send(2, boost::asio::use_future);
  CHECK(second.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  CHECK(q.receive() == 1);
  REQUIRE(second.wait_for(soon) == std::future_status::ready);
  second.get();
  auto late = s.async_send(3, boost::asio::use_future);
  q.close();
  REQUIRE(late.wait_for(soon) == std::future_status::ready);
  CHECK_THROWS(late.get());
  CHECK(q.receive() == 2);
}

TEST_CASE("a sender sends, and knows what it has sent", "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, {.name = "numbers", .capacity = 4}};
  const queue_sender<int> s = q.sender();
  s.send(1);
  CHECK(s.try_send(2));
  CHECK(s.send_for(3, 1s));
  CHECK(s.send_batch(std::vector<int>{4}) == 1);
  CHECK_FALSE(s.try_send(5));
  CHECK(s.sent() == 4);
  CHECK(s.capacity() == 4);
  CHECK(s.name() == "numbers");
  CHECK_FALSE(s.closed());
  CHECK(s == q.sender());
  q.close();
  CHECK(s.closed());
  std::error_code ec;
  s.send(6, ec);
  CHECK(ec == bulkhead::errc::closed);
  queue_sender<int>().send(1, ec);
  CHECK(ec == bulkhead::errc::not_initialised);
}

TEST_CASE("a stage sends on by a sender", "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> in{rt};
  const queue<int> out{rt, closing};
  auto stage = rt.spawn(
      [](queue<int> from, queue_sender<int> to) {
        from.transform(to, [](int n) { return n * n; });
        to.send(-1);
      },
      in, out.sender());
  for (int n = 1; n <= 3; ++n) in.send(n);
  in.close();
  CHECK(rest_of(out) == std::vector<int>{1, 4, 9, -1});
}

TEST_CASE("the queue closes when the last sender has ended, and not before", "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, closing};
  const queue<int> told_a{rt};
  const queue<int> told_b{rt};
  auto a = rt.spawn(send_when_told, q.sender(), told_a);
  auto b = rt.spawn(send_when_told, q.sender(), told_b);
  told_a.send(1);
  CHECK(q.receive_for(soon) == 1);
  told_a.close();
  REQUIRE(a.join_for(soon).has_value());
  CHECK_FALSE(q.closed());
  told_b.send(2);
  CHECK(q.receive_for(soon) == 2);
  if (const bool killed = GENERATE(false, true); killed) {
    b.kill();
  } else {
    told_b.close();
  }
  CHECK(rest_of(q).empty());
  CHECK(q.closed());
}

TEST_CASE("a queue whose senders were never given to a child stays open", "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, closing};
  { const queue_sender<int> own = q.sender(); }
  auto reader = rt.spawn([](queue<int> from) { static_cast<void>(from.receive()); }, q);
  q.send(1);
  REQUIRE(reader.join_for(soon).has_value());
  CHECK_FALSE(q.closed());
}

TEST_CASE("without the option the ends of senders close nothing", "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  REQUIRE(rt.spawn(send_one, q.sender(), 1).join_for(soon).has_value());
  CHECK_FALSE(q.closed());
}

TEST_CASE("a supervised sender that is started again has not ended", "[process][sender][crash]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, {.intensity = 100}};
  const queue<int> q{rt, closing};
  const queue<int> told{rt};
  auto child = sup.start({.name = "sender", .restart = bulkhead::restart::transient},
                         send_when_told, q.sender(), told);
  told.send(1);
  CHECK(q.receive_for(soon) == 1);
  SECTION("by crashing, which the message does, twice") {
    for (int round = 0; round < 2; ++round) {
      const auto before = child.id();
      child.kill();
      REQUIRE(eventually([&] { return child.id() != before; }));
      REQUIRE_FALSE(q.closed());
      told.send(round);
      REQUIRE(q.receive_for(soon) == round);
    }
  }
  told.close();  // now it returns, and a transient child then rests
  CHECK(rest_of(q).empty());
}

TEST_CASE("a supervised sender that is deleted has ended", "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, closing};
  const queue<int> told{rt};
  {
    bulkhead::supervisor sup{rt};
    sup.start({.name = "sender"}, send_when_told, q.sender(), told);
    CHECK_FALSE(q.closed());
  }
  CHECK(rest_of(q).empty());
}

TEST_CASE("the queue closes while the host is stopped", "[process][sender]") {
  bulkhead::runtime rt;
  const queue<std::string> said{rt};
  // A host of its own cannot be stopped by itself; so a child is the host of senders, and is.
  auto parent = rt.spawn(
      [](queue<std::string> to) {
        bulkhead::runtime& mine = bulkhead::this_process::runtime();
        queue<int> q{mine, closing};
        queue<int> told{mine};
        auto reader = mine.spawn(
            [](queue<int> from, queue<std::string> tell) {
              tell.send("open");
              for (const int n : from) static_cast<void>(n);
              tell.send("closed");
            },
            q, to);
        auto sender = mine.spawn(send_when_told, q.sender(), told);
        to.send(std::to_string(sender.id()));
        sender.join();
      },
      said);
  pid_t sender = 0;
  for (int n = 0; n < 2; ++n) {
    const std::string text = said.receive_for(soon).value_or("");
    if (text != "open") sender = std::stoi(text);
  }
  parent.signal(SIGSTOP);
  ::kill(sender, SIGKILL);
  CHECK(said.receive_for(soon) == "closed");
  parent.signal(SIGCONT);
}

TEST_CASE("a sender that comes in a message counts for the child that decodes it",
          "[process][sender]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, closing};
  const queue<order> orders{rt};
  const queue<int> told{rt};
  auto child = rt.spawn(
      [](queue<order> from, queue<int> go) {
        const order o = from.receive();
        o.to.send(o.number);
        static_cast<void>(go.receive());
      },
      orders, told);
  orders.send({5, q.sender()});
  CHECK(q.receive_for(soon) == 5);
  CHECK_FALSE(q.closed());
  told.send(1);
  CHECK(rest_of(q).empty());
}
