#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "process/library/keeper_watch.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"
#include "support/sanitizers.hpp"

// Queues that travel in messages.
using namespace std::chrono_literals;
using bulkhead::queue;
using bulkhead_test::eventually;
using keeper = bulkhead_test::keeper_watch;
using bulkhead_test::soon;

namespace {

struct job {
  std::string text;
  queue<int> reply;
};

/// A queue of messages that hold a queue of the same.
struct letter {
  int number = 0;
  queue<letter> answer_to;
};

/// Holds a queue where only its inspect knows.
class sealed_job {
 public:
  sealed_job() = default;
  explicit sealed_job(queue<int> reply) : reply_(std::move(reply)) {}
  [[nodiscard]] const queue<int>& reply() const { return reply_; }
  template <class Inspector>
  friend bool inspect(Inspector& f, sealed_job& x) {
    return f.object(x).fields(f.field("reply", x.reply_));
  }

 private:
  queue<int> reply_;
};

void answer_jobs(queue<job> jobs) {
  jobs.consume([](const job& j) { j.reply.send(static_cast<int>(j.text.size())); });
}

}  // namespace

TEST_CASE("a queue travels through a queue", "[queue][process]") {
  bulkhead::runtime rt;
  queue<queue<int>> offers{rt};
  auto p = rt.spawn([](queue<queue<int>> from) { from.receive().send(42); }, offers);
  queue<int> q{rt};
  offers.send(q);
  CHECK(q.receive_for(soon) == 42);
}

TEST_CASE("every job brings the queue for its answer", "[queue][process]") {
  bulkhead::runtime rt;
  queue<job> jobs{rt};
  auto one = rt.spawn(answer_jobs, jobs);
  auto two = rt.spawn(answer_jobs, jobs);
  for (int n = 0; n < 50; ++n) {
    queue<int> reply{rt, {.name = "reply", .capacity = 4, .participants = 4}};
    jobs.send({std::string(static_cast<std::size_t>(n), 'x'), reply});
    REQUIRE(reply.receive_for(soon) == n);
  }
}

TEST_CASE("an empty handle arrives empty", "[queue]") {
  bulkhead::runtime rt;
  queue<job> jobs{rt};
  jobs.send({"no answer wanted", {}});
  const auto got = jobs.receive_for(soon);
  REQUIRE(got.has_value());
  CHECK_FALSE(got->reply);
  CHECK(got->text == "no answer wanted");
}

TEST_CASE("a message may hold a queue of its own kind", "[queue]") {
  bulkhead::runtime rt;
  queue<letter> mine{rt};
  queue<letter> yours{rt};
  yours.send({1, mine});
  yours.receive().answer_to.send({2, {}});
  CHECK(mine.receive().number == 2);
}

TEST_CASE("a queue travels where only an inspect knows of it", "[queue][process]") {
  bulkhead::runtime rt;
  queue<sealed_job> jobs{rt};
  auto p = rt.spawn([](queue<sealed_job> from) { from.receive().reply().send(7); }, jobs);
  queue<int> reply{rt};
  jobs.send(sealed_job(reply));
  CHECK(reply.receive_for(soon) == 7);
}

TEST_CASE("a queue in a message outlives the process that made and sent it",
          "[queue][process][crash]") {
  bulkhead::runtime rt;
  queue<job> jobs{rt};
  auto p = rt.spawn(
      [](queue<job> to) {
        queue<int> inside{bulkhead::this_process::runtime()};
        inside.send(11);
        to.send({"will", inside});
        raise(SIGKILL);
      },
      jobs);
  REQUIRE(p.join_for(soon).has_value());
  const auto got = jobs.receive_for(soon);
  REQUIRE(got.has_value());
  CHECK(got->reply.receive_for(soon) == 11);
  got->reply.send(12);
  CHECK(got->reply.receive_for(soon) == 12);
}

TEST_CASE("a queue in a message comes again when its taker is killed", "[queue][process][crash]") {
  bulkhead::runtime rt;
  const keeper k(rt);
  queue<job> jobs{rt};
  {
    queue<int> inside{rt};
    inside.send(3);
    jobs.send({"twice", inside});
  }
  auto p = rt.spawn(
      [](queue<job> from) {
        const auto d = from.take();
        raise(SIGKILL);
      },
      jobs);
  REQUIRE(p.join_for(soon).has_value());
  auto d = jobs.take_for(soon);
  REQUIRE(d);
  CHECK(d.attempt() == 2);
  CHECK(d->reply.receive_for(soon) == 3);
}

TEST_CASE("a dead letter keeps the queue that its message names", "[queue][process]") {
  bulkhead::runtime rt;
  queue<job> jobs{rt, {.name = "jobs", .max_deliveries = 1}};
  {
    queue<int> inside{rt};
    inside.send(5);
    jobs.send({"poison", inside});
  }
  jobs.take().release();
  const auto dead = jobs.dead_letters().receive_for(soon);
  REQUIRE(dead.has_value());
  CHECK(dead->value.text == "poison");
  CHECK(dead->value.reply.receive_for(soon) == 5);
}

TEST_CASE("a forwarded result keeps the queue that it names", "[queue]") {
  bulkhead::runtime rt;
  queue<job> in{rt};
  queue<job> out{rt};
  {
    queue<int> inside{rt};
    inside.send(9);
    in.send({"stage one", inside});
  }
  {
    auto d = in.take();
    d.forward(out, job{"stage two", d->reply});
  }
  // All that names it now is the result.
  const auto got = out.receive_for(soon);
  REQUIRE(got.has_value());
  CHECK(got->reply.receive_for(soon) == 9);
}

TEST_CASE("a queue that this process holds is decoded without the keeper", "[queue]") {
  bulkhead::runtime rt;
  const keeper k(rt);
  queue<job> jobs{rt};
  queue<int> held{rt};
  jobs.send({"known", held});
  held.send(1);
  k.stop();
  const auto got = jobs.try_receive();
  CHECK(got.has_value());
  CHECK((got && got->reply == held));
  CHECK(held.try_receive() == 1);
  k.go_on();
}

TEST_CASE("queues that only unreachable messages name go", "[queue][process]") {
  bulkhead::runtime rt;
  const keeper k(rt);
  const int before = k.queues();
  SECTION("a queue that was sent to itself") {
    queue<letter> self{rt};
    self.send({1, self});
    CHECK(k.queues() == before + 1);
  }
  SECTION("two that were sent to one another") {
    queue<letter> one{rt};
    queue<letter> two{rt};
    one.send({1, two});
    two.send({2, one});
    CHECK(k.queues() == before + 2);
  }
  SECTION("a chain that nobody holds an end of") {
    queue<letter> outer{rt};
    queue<letter> inner{rt};
    outer.send({1, inner});
    inner.send({2, queue<letter>{rt}});
    CHECK(k.queues() == before + 3);
  }
  CHECK(eventually([&] { return k.queues() == before; }));
}

TEST_CASE("a queue goes when the last message that names it is settled", "[queue]") {
  bulkhead::runtime rt;
  const keeper k(rt);
  queue<job> jobs{rt};
  const int before = k.queues();
  jobs.send({"lone", queue<int>{rt}});
  CHECK(k.queues() == before + 1);
  SECTION("with its handle") { CHECK(jobs.receive().reply); }
  SECTION("after its handle, of which the keeper hears nothing") {
    auto d = jobs.take();
    d.value().reply = {};
    CHECK(k.queues() == before + 1);
    d.ack();
  }
  SECTION("with its carrier") {
    jobs = {};
    CHECK_FALSE(jobs);
  }
  const int after = jobs ? before : before - 1;
  CHECK(eventually([&] { return k.queues() == after; }));
}

TEST_CASE("10000 messages with queues leave none behind", "[queue][process]") {
  bulkhead::runtime rt;
  const keeper k(rt);
  const int before = k.queues();
  int received = 0;
  {
    queue<job> jobs{rt, {.name = "jobs", .capacity = 64}};
    auto p = rt.spawn(
        [](queue<job> to) {
          for (int n = 0; n < 10'000; ++n) {
            queue<int> reply{bulkhead::this_process::runtime(),
                             {.name = "reply", .capacity = 1, .participants = 2}};
            to.send({"", reply});
          }
          to.close();
        },
        jobs);
    jobs.consume([&](const job& j) { received += j.reply ? 1 : 0; });
    REQUIRE(p.join_for(soon).has_value());
    CHECK(k.queues() <= before + 2);
  }
  CHECK(received == 10'000);
  CHECK(eventually([&] { return k.queues() == before; }));
}

// Hidden, for ./dev soak.
TEST_CASE("100000 messages that name a queue cost the keeper nothing",
          "[.][queue][process][soak]") {
  bulkhead::runtime rt;
  const keeper k(rt);
  queue<job> jobs{rt, {.name = "jobs", .capacity = 64}};
  queue<int> reply{rt, {.name = "reply"}};
  const int before = k.queues();
  long memory = 0;
  auto p = rt.spawn(answer_jobs, jobs);
  for (int n = 0; n < 100'000; ++n) {
    jobs.send({"", reply});
    REQUIRE(reply.receive_for(soon) == 0);
    if (n == 1000) memory = k.memory_kib();
  }
  if (!bulkhead_test::under_address_sanitizer) CHECK(k.memory_kib() - memory < 1024);
  CHECK(k.queues() == before);
}

TEST_CASE("kills at random instants lose no queue and leave none behind",
          "[queue][process][crash]") {
  bulkhead::runtime rt;
  const keeper k(rt);
  const int before = k.queues();
  {
    queue<job> jobs{rt, {.name = "jobs", .capacity = 8, .max_attempts = 0, .max_deliveries = 0}};
    for (int round = 0; round < 40; ++round) {
      auto sender = rt.spawn(
          [](queue<job> to) {
            for (;;) {
              queue<int> inside{bulkhead::this_process::runtime(), {.capacity = 2}};
              inside.send(1);
              to.send({"x", inside});
            }
          },
          jobs);
      auto taker = rt.spawn(
          [](queue<job> from) {
            from.consume([](const job& j) { static_cast<void>(j.reply.try_receive()); });
          },
          jobs);
      // Something happens first, and then a while that no two rounds share.
      REQUIRE(eventually([&] { return jobs.size() != 0; }));
      std::this_thread::sleep_for(std::chrono::microseconds(137 * round));
      sender.kill();
      taker.kill();
      REQUIRE(sender.join_for(soon).has_value());
      REQUIRE(taker.join_for(soon).has_value());
      // What is left is whole: each names a queue that is there.
      while (auto d = jobs.try_take()) {
        CHECK(d->reply);
        d.ack();
      }
    }
  }
  CHECK(eventually([&] { return k.queues() == before; }));
}
