#include <bulkhead/actors/from_queue.hpp>

#include <bulkhead/errc.hpp>
#include <bulkhead/runtime.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/dialect.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
namespace actors = bulkhead::actors;

namespace {

// Nothing says anything about this type to CAF.
struct job {
  int number = 0;
  std::map<std::string, std::vector<int>> table;
  friend bool operator==(const job&, const job&) = default;
};

}  // namespace

BULKHEAD_TEST_TYPE(job, 0, job)
BULKHEAD_TEST_TYPE(named_job, 1, actors::delivered<job>)

namespace {

using job_actor = caf::typed_actor<caf::reacts_to<job>>;
using named_job_actor = caf::typed_actor<caf::reacts_to<actors::delivered<job>>>;

job make_job(int number) { return {number, {{"squares", {number, number * number}}}}; }

void send_jobs(const bulkhead::queue<job>& to, int count) {
  for (int i = 0; i < count; ++i) to.send(make_job(i));
}

struct queue_fixture {
  bulkhead::runtime rt;
  bulkhead::queue<job> jobs{rt, {.name = "jobs", .capacity = 256}};
  gate hold;
  std::mutex mutex;
  std::vector<job> seen;
  actors::system sys{rt};

  void see(const job& one) {
    std::lock_guard lock(mutex);
    seen.push_back(one);
  }
  std::size_t seen_count() {
    std::lock_guard lock(mutex);
    return seen.size();
  }
  template <class Handler>
  job_actor spawn(Handler handler) {
    return sys.caf().spawn([handler](job_actor::pointer) -> job_actor::behavior_type {
      return {[handler](const job& one) { handler(one); }};
    });
  }
};

}  // namespace

TEST_CASE_METHOD(queue_fixture, "an actor gets every message of a queue once, whole and in order",
                 "[actors][process]") {
  send_jobs(jobs, 200);
  jobs.close();
  actors::from_queue(sys, jobs, spawn([&](const job& one) { see(one); })).join();
  REQUIRE(seen.size() == 200);
  for (int i = 0; i < 200; ++i) CHECK(seen[static_cast<std::size_t>(i)] == make_job(i));
  CHECK(jobs.core().in_flight().size() == 0);
}

TEST_CASE_METHOD(queue_fixture,
                 "a message is leased while its handler runs, and gone from the queue after",
                 "[actors][process]") {
  auto feed = actors::from_queue(sys, jobs, spawn([&](const job& one) {
                                   see(one);
                                   hold.pass();
                                 }),
                                 {.credit = 3});
  send_jobs(jobs, 10);
  REQUIRE(eventually([&] { return seen_count() == 1 && jobs.core().in_flight().size() == 3; }));
  CHECK(jobs.size() == 7);
  CHECK(seen_count() == 1);
  hold.open();
  REQUIRE(eventually([&] { return jobs.core().in_flight().size() == 0 && jobs.empty(); }));
  jobs.close();
  feed.join();
  CHECK(seen_count() == 10);
}

TEST_CASE_METHOD(queue_fixture, "when the actor quits, another consumer gets what it had, marked",
                 "[actors][process]") {
  send_jobs(jobs, 30);
  auto quitter = sys.caf().spawn([this](job_actor::pointer self) -> job_actor::behavior_type {
    return {[this, self](const job& one) {
      see(one);
      if (one.number != 2) return;
      hold.pass();
      self->quit();
    }};
  });
  auto feed = actors::from_queue(sys, jobs, quitter, {.credit = 8});
  REQUIRE(eventually([&] { return seen_count() == 3 && jobs.core().in_flight().size() == 8; }));
  hold.open();
  std::error_code ec;
  feed.join(ec);
  CHECK(ec == actors::feed_errc::actor_down);
  CHECK(jobs.core().in_flight().size() == 0);
  CHECK(seen_count() == 3);
  for (int i = 3; i < 30; ++i) {
    auto next = jobs.take_for(patience);
    REQUIRE(next);
    CHECK(next->number == i);
    // It had 3 to 9; 10 may have been on its way.
    if (i != 10) CHECK((next.attempt() > 1) == (i < 10));
    next.ack();
  }
}

TEST_CASE_METHOD(queue_fixture,
                 "a handler that throws leaves its message and those behind it in the queue",
                 "[actors][process]") {
  send_jobs(jobs, 5);
  auto thrower = sys.caf().spawn([this](job_actor::pointer self) -> job_actor::behavior_type {
    self->set_exception_handler(
        [](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
    return {[this](const job& one) {
      see(one);
      if (one.number == 1) throw std::runtime_error("no good");
    }};
  });
  auto feed = actors::from_queue(sys, jobs, thrower);
  CHECK_THROWS_AS(feed.join(), bulkhead::error);
  auto next = jobs.take_for(patience);
  REQUIRE(next);
  CHECK(next->number == 1);
  CHECK(next.attempt() > 1);
}

TEST_CASE_METHOD(queue_fixture, "an actor may ask for the message's name", "[actors][process]") {
  send_jobs(jobs, 3);
  {
    auto first = jobs.take();
    first.release();
  }
  jobs.close();
  std::vector<bulkhead::message_id> ids;
  std::vector<std::uint32_t> attempts;
  auto sink = sys.caf().spawn([&](named_job_actor::pointer) -> named_job_actor::behavior_type {
    return {[&](const actors::delivered<job>& one) {
      see(one.value);
      ids.push_back(one.id);
      attempts.push_back(one.attempt);
    }};
  });
  actors::from_queue(sys, jobs, sink).join();
  REQUIRE(seen.size() == 3);
  CHECK(seen[2] == make_job(2));
  CHECK(attempts == std::vector<std::uint32_t>{2, 1, 1});
  CHECK(ids[0] < ids[1]);
  CHECK(ids[1] < ids[2]);
}

TEST_CASE_METHOD(queue_fixture, "two feeds share a queue", "[actors][process]") {
  auto sink = spawn([&](const job& one) { see(one); });
  auto other = spawn([&](const job& one) { see(one); });
  auto one = actors::from_queue(sys, jobs, sink, {.credit = 2});
  auto two = actors::from_queue(sys, jobs, other, {.credit = 2});
  send_jobs(jobs, 300);
  jobs.close();
  one.join();
  two.join();
  REQUIRE(seen.size() == 300);
  std::vector<int> count(300);
  for (const job& each : seen) ++count[static_cast<std::size_t>(each.number)];
  CHECK(count == std::vector<int>(300, 1));
}

TEST_CASE_METHOD(queue_fixture, "what cannot be fed is refused", "[actors][process]") {
  auto sink = spawn([](const job&) {});
  CHECK_THROWS_AS(actors::from_queue(sys, bulkhead::queue<job>(), sink), std::invalid_argument);
  CHECK_THROWS_AS(actors::from_queue(sys, jobs, job_actor()), std::invalid_argument);
  CHECK_THROWS_AS(actors::from_queue(sys, jobs, sink, {.credit = 0}), std::invalid_argument);
}

TEST_CASE_METHOD(queue_fixture, "a system takes a set-up function or a configuration",
                 "[actors][process]") {
  SECTION("a function") {
    actors::system other(
        rt, [](caf::actor_system_config& config) { config.set(actors::compat::threads_key, 1); },
        {.shutdown = std::chrono::seconds(1)});
    CHECK(caf::get_or(other.caf().config(), actors::compat::threads_key, 0) == 1);
  }
#if BULKHEAD_CAF_0_17  // 1.x cannot move one
  SECTION("a configuration") {
    struct own_config : caf::actor_system_config {
      int answer = 42;
    };
    own_config config;
    actors::system other(rt, std::move(config));
    CHECK(dynamic_cast<const own_config&>(other.caf().config()).answer == 42);
  }
#endif
  CHECK(&sys.runtime() == &rt);
}
